import { busboyForms } from '../../../src/adapters/busboy/form-reader.ts';
import { formReaderSuite } from '../../conformance/form-reader.ts';

formReaderSuite('busboy', busboyForms);
