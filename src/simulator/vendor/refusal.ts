/** Status and message that the vendor pairs with each error code (its error-code page and published captures). */
const vendorErrors: Readonly<Record<string, { readonly status: number; readonly message: string }>> = {
  InvalidParameter: { status: 400, message: 'Required body invalid, please check the request body format.' },
  'InvalidParameter.DataInspection': {
    status: 400,
    message: 'Unable to download the media resource during the data inspection process.',
  },
  InvalidURL: {
    status: 400,
    message: 'The provided URL does not appear to be valid. Ensure it is correctly formatted.',
  },
  'BadRequest.EmptyInput': { status: 400, message: 'Required input parameter missing from request.' },
  'BadRequest.EmptyModel': { status: 400, message: 'Required parameter "model" missing from request.' },
  'BadRequest.EmptyParameters': {
    status: 400,
    message: 'Required parameter "parameters" missing from request.',
  },
  'BadRequest.InputDownloadFailed': { status: 400, message: 'Failed to download the input file.' },
  'BadRequest.UnsupportedFileFormat': { status: 400, message: 'Input file format is not supported.' },
  'BadRequest.TooLarge': { status: 413, message: 'Payload Too Large' },
  DataInspectionFailed: { status: 400, message: 'Input data may contain inappropriate content.' },
  IPInfringementSuspect: {
    status: 400,
    message: 'Input data is suspected of being involved in IP infringement.',
  },
  Arrearage: {
    status: 400,
    message: 'Access denied, please make sure your account is in good standing.',
  },
  UnsupportedOperation: { status: 400, message: 'The operation is unsupported on the referee object.' },
  InvalidApiKey: { status: 401, message: 'Invalid API-key provided.' },
  AccessDenied: { status: 403, message: 'Access denied.' },
  ModelNotFound: { status: 404, message: 'Model can not be found.' },
  RequestTimeOut: { status: 408, message: 'Request timed out, please try again later.' },
  Throttling: { status: 429, message: 'Requests throttling triggered.' },
  'Throttling.RateQuota': {
    status: 429,
    message: 'Requests rate limit exceeded, please try again later.',
  },
  'Throttling.AllocationQuota': {
    status: 429,
    message: 'Allocated quota exceeded, please increase your quota limit.',
  },
  InternalError: {
    status: 500,
    message: 'An internal error has occured, please try again later or contact service support.',
  },
  'InternalError.Timeout': {
    status: 500,
    message:
      'An internal timeout error has occured during execution, please try again later or contact service support.',
  },
  ModelServingError: {
    status: 503,
    message:
      'Too many requests. Your requests are being throttled due to system capacity limits. Please try again later.',
  },
};

/** Codes that a scripted fault falls back to when it names a status alone. */
const codeByStatus: Readonly<Record<number, string>> = {
  400: 'InvalidParameter',
  401: 'InvalidApiKey',
  403: 'AccessDenied',
  404: 'ModelNotFound',
  408: 'RequestTimeOut',
  413: 'BadRequest.TooLarge',
  429: 'Throttling.RateQuota',
  503: 'ModelServingError',
};

/** The vendor's no to one request: an HTTP status and the pair that its error bodies carry. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The refusal that the vendor's error table gives for `code`; an unlisted code is an internal error of that name. */
export function refusalFor(code: string, message?: string): Refusal {
  const known = vendorErrors[code];
  return new Refusal(known?.status ?? 500, code, message ?? known?.message ?? 'Simulated failure.');
}

/** A refusal with this HTTP status, under the code that the vendor usually pairs with it. */
export function refusalWithStatus(status: number, message?: string): Refusal {
  const code = codeByStatus[status] ?? 'InternalError';
  return new Refusal(status, code, message ?? vendorErrors[code]?.message ?? 'Simulated failure.');
}

/** 400 `InvalidParameter`, the vendor's answer to a field it does not like. */
export function invalidParameter(message: string): Refusal {
  return refusalFor('InvalidParameter', message);
}
