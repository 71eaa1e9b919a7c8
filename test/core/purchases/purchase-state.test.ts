import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FINAL_STATES,
  isFinal,
  mayFollow,
  OPEN_STATES,
  PURCHASE_STATES,
  type PurchaseState,
} from '../../../src/core/purchases/purchase-state.ts';

const followers = (state: PurchaseState) => PURCHASE_STATES.filter((next) => mayFollow(state, next));

/** Every state that can still come after one. */
function reachable(from: PurchaseState): ReadonlySet<PurchaseState> {
  const found = new Set<PurchaseState>();
  const left = [from];
  for (let state = left.pop(); state !== undefined; state = left.pop()) {
    for (const next of followers(state).filter((one) => !found.has(one))) {
      found.add(next);
      left.push(next);
    }
  }
  return found;
}

describe('the states of a purchase', () => {
  it('are each open or final', () => {
    expect(PURCHASE_STATES.filter(isFinal)).toEqual([...FINAL_STATES]);
    expect(new Set(PURCHASE_STATES).size).toBe(OPEN_STATES.length + FINAL_STATES.length);
  });

  it('end for good', () => {
    for (const state of FINAL_STATES) expect(followers(state)).toEqual([]);
  });

  it.each(OPEN_STATES)('%s can come to an end', (state) => {
    expect([...reachable(state)].some(isFinal)).toBe(true);
  });

  it('are all reached from the first', () => {
    expect([...reachable('intended'), 'intended'].sort()).toEqual([...PURCHASE_STATES, 'intended'].sort());
  });

  it('lead to an entry by way of an answer on record only', () => {
    expect(PURCHASE_STATES.filter((state) => mayFollow(state, 'stored'))).toEqual(['answered']);
  });

  it('are never certain that nothing was bought once an answer has come', () => {
    expect([...reachable('answered')].sort()).toEqual(['stored', 'unstored']);
  });

  it('take nothing back that is on the wire, but what was refused or a task that upstream dropped', () => {
    expect(PURCHASE_STATES.filter((state) => mayFollow(state, 'withdrawn'))).toEqual([
      'intended',
      'accepted',
    ]);
  });

  it('whatever is tried, are sent again only after a refusal', () => {
    const steps = fc.array(fc.constantFrom(...PURCHASE_STATES), { maxLength: 60 });
    fc.assert(
      fc.property(steps, (tried) => {
        let state: PurchaseState = 'intended';
        const way: PurchaseState[] = [state];
        for (const next of tried) {
          if (!mayFollow(state, next)) continue;
          state = next;
          way.push(state);
        }
        for (const [at, one] of way.entries()) {
          if (one === 'sent') expect(way[at - 1]).toBe('intended');
          if (isFinal(one)) expect(at).toBe(way.length - 1);
        }
        expect(way.filter((one) => one === 'answered').length).toBeLessThanOrEqual(1);
        expect(way.filter((one) => one === 'accepted').length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
