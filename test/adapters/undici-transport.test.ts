import { createUndiciTransport } from '../../src/adapters/undici/transport.ts';
import { describeTransport } from '../conformance/transport.ts';

describeTransport('undici transport', () => createUndiciTransport());
