import { portableForms } from '../../../src/adapters/multipart/form-reader.ts';
import { formReaderSuite } from '../../conformance/form-reader.ts';

formReaderSuite('the portable reader', portableForms);
