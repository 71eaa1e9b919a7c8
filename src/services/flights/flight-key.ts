/** What makes two flights one: whose picture it is, of which recipe, and as which take it was asked for. */
export function flightKey(
  address: { readonly site: string; readonly scope: string; readonly key: string },
  take: number | undefined,
): string {
  return [address.site, address.scope, address.key, take ?? ''].join('\n');
}
