/** How the page looks, in light and in dark. */
export const DOCS_STYLE = `
:root { font: 16px/1.5 system-ui, sans-serif; --line: #8886; --soft: #8882; }
body { max-width: 60rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h2 { border-bottom: 1px solid var(--line); margin-top: 3rem; }
article { margin: 2rem 0; }
article:target > h3 { outline: 2px solid; outline-offset: .3rem; }
code, pre { font-family: ui-monospace, monospace; font-size: .9em; }
pre { background: var(--soft); padding: .75rem; overflow-x: auto; }
dt { margin-top: .5rem; }
dd { margin-left: 1.5rem; }
.type { display: block; }
table { border-collapse: collapse; width: 100%; }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem .3rem 0; text-align: left; vertical-align: top; }
th { font-weight: inherit; }
@media (max-width: 40rem) {
  thead { position: absolute; clip-path: inset(50%); }
  tr { display: block; border-bottom: 1px solid var(--line); }
  th, td { display: block; border: 0; padding: .1rem 0; }
}
`;
