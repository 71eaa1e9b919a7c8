import { describe, expect, it } from 'vitest';
import { isOfficialSite, siteOf } from '../../src/core/site.ts';

describe('siteOf', () => {
  it.each([
    ['https://dashscope.aliyuncs.com', 'cn'],
    ['https://dashscope.aliyuncs.com/api/v1', 'cn'],
    ['https://DASHSCOPE-INTL.aliyuncs.com', 'intl'],
    ['https://dashscope-us.aliyuncs.com', 'us'],
    ['https://cn-hongkong.dashscope.aliyuncs.com', 'hk'],
    ['https://ws-12.cn-beijing.maas.aliyuncs.com', 'cn'],
    ['https://llm-x.ap-southeast-1.maas.aliyuncs.com', 'intl'],
    ['https://trial.us-east-1.maas.aliyuncs.com', 'us'],
    ['https://w.cn-hongkong.maas.aliyuncs.com', 'hk'],
    ['https://w.eu-central-1.maas.aliyuncs.com', 'eu'],
    ['https://w.ap-northeast-1.maas.aliyuncs.com', 'jp'],
  ])('%s is %s', (url, site) => {
    expect(siteOf(new URL(url))).toBe(site);
    expect(isOfficialSite(site)).toBe(true);
  });

  it.each([
    ['http://127.0.0.1:8788/api/v1', 'http://127.0.0.1:8788'],
    ['https://cache.example/x', 'https://cache.example'],
    ['https://dashscope.aliyuncs.com.evil.example', 'https://dashscope.aliyuncs.com.evil.example'],
    ['https://evil.example/dashscope.aliyuncs.com', 'https://evil.example'],
    ['https://w.mars-1.maas.aliyuncs.com', 'https://w.mars-1.maas.aliyuncs.com'],
    [
      'https://cn-beijing.maas.aliyuncs.com.evil.example',
      'https://cn-beijing.maas.aliyuncs.com.evil.example',
    ],
  ])('%s is its origin', (url, site) => {
    expect(siteOf(new URL(url))).toBe(site);
    expect(isOfficialSite(site)).toBe(false);
  });

  it('the simulator is not the vendor', () => expect(isOfficialSite('simulator')).toBe(false));
});
