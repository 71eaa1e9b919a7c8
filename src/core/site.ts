/** Hosts of the vendor that serve a region, from its base-URL page. */
const SITE_OF_HOST: ReadonlyMap<string, string> = new Map([
  ['dashscope.aliyuncs.com', 'cn'],
  ['dashscope-intl.aliyuncs.com', 'intl'],
  ['dashscope-us.aliyuncs.com', 'us'],
  ['cn-hongkong.dashscope.aliyuncs.com', 'hk'],
]);

/** Regions in workspace hosts: `{WorkspaceId}.{region}.maas.aliyuncs.com`. */
const SITE_OF_REGION: ReadonlyMap<string, string> = new Map([
  ['cn-beijing', 'cn'],
  ['ap-southeast-1', 'intl'],
  ['us-east-1', 'us'],
  ['cn-hongkong', 'hk'],
  ['eu-central-1', 'eu'],
  ['ap-northeast-1', 'jp'],
]);

const OFFICIAL_SITES: ReadonlySet<string> = new Set(SITE_OF_REGION.values());

/** Which upstream draws the pictures: a region of the vendor's, else the upstream's origin. */
export function siteOf(upstream: URL): string {
  const host = upstream.hostname;
  const region = /(?:^|\.)([a-z0-9-]+)\.maas\.aliyuncs\.com$/.exec(host)?.[1];
  return SITE_OF_HOST.get(host) ?? SITE_OF_REGION.get(region ?? '') ?? upstream.origin;
}

/** Whether a site's name says that the vendor itself drew the pictures. */
export function isOfficialSite(site: string): boolean {
  return OFFICIAL_SITES.has(site);
}
