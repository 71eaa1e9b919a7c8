import Database from 'better-sqlite3';
import { startServer } from '../../../src/node.ts';

/**
 * A server that ends itself by SIGKILL at the transition of a purchase to the state `DIE_AT` (`any`: to the next, whatever it
 * is): once it is committed, or with `DIE_AMID` in the midst of its transaction. Prints its origin.
 */
const { DIE_AT = '', DIE_AMID, ...env } = process.env;

function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('killed');
}

if (DIE_AMID !== undefined) {
  const prototype: Database.Statement = Object.getPrototypeOf(new Database(':memory:').prepare('select 1'));
  for (const method of ['run', 'all'] as const) {
    const original = prototype[method];
    Object.defineProperty(prototype, method, {
      value(this: Database.Statement, ...params: unknown[]) {
        const result: unknown = Reflect.apply(original, this, params);
        if (this.source.startsWith('update purchases set state') && params.flat().indexOf(DIE_AT) > 0) die();
        return result;
      },
    });
  }
}

const server = await startServer(env, {
  onEvent: (event) => {
    if (DIE_AMID === undefined && event.type === 'purchase' && (DIE_AT === 'any' || DIE_AT === event.state))
      die();
  },
});
console.log(server.origin);
