import { describe, expect, it } from 'vitest';
import { parseConfigFile } from '../../../src/cli/settings/config-file.ts';
import { isAppError } from '../../../src/core/errors.ts';

function messageOf(text: string): string {
  try {
    parseConfigFile(text, 'dashcache.conf');
  } catch (error) {
    if (isAppError(error, 'config')) return error.message;
    throw error;
  }
  return 'no error';
}

describe('a config file', () => {
  it('has a setting on each line', () => {
    const text = '\uFEFF# for the studio\r\n\r\nPORT=9000\r\n  DASHCACHE_DATA = /var/lib/a b \n\t# more\n';
    expect(parseConfigFile(text, 'x')).toEqual({ PORT: '9000', DASHCACHE_DATA: '/var/lib/a b' });
  });

  it.each([
    ['"a b"', 'a b'],
    ["'a b'", 'a b'],
    ['"a', '"a'],
    ['a # b', 'a # b'],
    ['a=b', 'a=b'],
    ['', ''],
    ['""', ''],
    ['$HOME', '$HOME'],
  ])('a value written %s is %j', (written, value) =>
    expect(parseConfigFile(`DASHCACHE_DATA=${written}`, 'x')).toEqual({ DASHCACHE_DATA: value }),
  );

  it('may name where the key is', () => {
    expect(parseConfigFile('DASHSCOPE_API_KEY=sk-x\nALIBABA_CLOUD_PROFILE=studio', 'x')).toEqual({
      DASHSCOPE_API_KEY: 'sk-x',
      ALIBABA_CLOUD_PROFILE: 'studio',
    });
  });

  it.each([
    ['HSOT=x', 'dashcache.conf, line 1: there is no setting HSOT.'],
    ['\nPATH=/bin', 'dashcache.conf, line 2: there is no setting PATH.'],
    ['PORT=1\nPORT=2', 'dashcache.conf, line 2: PORT is there twice.'],
    ['export PORT=1', 'dashcache.conf, line 1: this is not NAME=value.'],
    ['PORT: 9000', 'dashcache.conf, line 1: this is not NAME=value.'],
    ['sk-secret', 'dashcache.conf, line 1: this is not NAME=value.'],
  ])('%j is refused: %s', (text, message) => expect(messageOf(text)).toBe(message));
});
