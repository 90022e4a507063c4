// Rules of routing for the pictures: the directory's own, one of them changed last month.
import categories from '../../../shared/data/org/categories.json';
import type { DeskRules } from '$ui/wire/DeskRules';
import type { Rule } from '$ui/wire/Rule';
import type { UnitRef } from '$ui/wire/UnitRef';
import { DeskFailed, type Desk } from './desk';

const DAY = 86_400_000;

interface Topic { code: string; route: Rule['route']; alternatives?: Rule['route'][]; target_days: number; priority: Rule['priority'] }

export function fakeRules(ref: (code: string) => UnitRef, answer: <T>(value: () => T) => Promise<T>): Pick<Desk, 'rules' | 'rulesOf' | 'rehearse' | 'changeRules'> {
  const shipped = (): Record<string, Rule> =>
    Object.fromEntries((categories.categories as unknown as Topic[]).map(({ code, route, alternatives, target_days, priority }) => [code, { route, alternatives: alternatives ?? [], triage_first: false, target_days, priority }]));
  const now = Date.now();
  let held: DeskRules = {
    version: 2,
    rules: { ...shipped(), 'yol.cukur': { ...shipped()['yol.cukur']!, target_days: 3, priority: 'urgent' } },
    changed: ['yol.cukur'],
    suggested: 214,
    taken: 187,
    versions: [
      { id: 2, at: now - 31 * DAY, author: 'Ön inceleme masası', note: 'Kış tarifesi: çukurlar üç iş gününde kapatılacak.', changes: 1 },
      { id: 1, at: now - 200 * DAY, author: 'Tablet ve sunucu işletimi', note: 'Köprü altı aydınlatma şikâyetleri önce ön incelemeye gelsin; elektrik işleriyle yapım ayrımı netleşene kadar.', changes: 1 },
    ],
  };
  return {
    rules: () => answer(() => held),
    rulesOf: (version) => answer(() => ({ ...held, version, rules: shipped(), changed: [] })),
    rehearse: () =>
      answer(() => ({
        requests: 14_286, elsewhere: 212, dates: 340,
        ways: [
          { category: 'yol.izgara-mazgal', from: ref('md-yol-bakim-anadolu'), to: ref('bk-iski'), count: 143 },
          { category: 'yol.izgara-mazgal', from: ref('md-yol-bakim-avrupa'), to: ref('bk-iski'), count: 58 },
          { category: 'yol.merdiven-korkuluk', from: ref('md-yol-bakim-anadolu'), to: null, count: 11 },
        ],
      })),
    changeRules: ({ base, changes, note }) =>
      answer(() => {
        if (base !== held.version) throw new DeskFailed('stale');
        held = { ...held, version: base + 1, rules: { ...held.rules, ...changes }, changed: [...new Set([...held.changed, ...Object.keys(changes)])], versions: [{ id: base + 1, at: Date.now(), author: 'Ön inceleme masası', note, changes: 2 }, ...held.versions] };
        return held;
      }),
  };
}
