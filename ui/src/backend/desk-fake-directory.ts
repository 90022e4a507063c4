// The organisation for the pictures: as the release has it, changed once; a loaded table shows a reorganisation, or what is wrong
// with it when one of its lines says so.
import organisation from '../../../shared/data/org/organisation.json';
import type { DirectoryVersions } from '$ui/wire/DirectoryVersions';
import type { Unit } from '$ui/wire/Unit';
import type { UnitChange } from '$ui/wire/UnitChange';
import { DeskFailed, type Desk } from './desk';

const DAY = 86_400_000;

type Shipped = Pick<Unit, 'code' | 'name' | 'name_en' | 'kind'> & Partial<Unit>;

export function fakeDirectory(answer: <T>(value: () => T) => Promise<T>): Pick<Desk, 'directoryTable' | 'directoryVersions' | 'lookAtDirectory' | 'changeDirectory'> {
  const units = (organisation.units as unknown as Shipped[]).map(
    ({ code, name, name_en, kind, parent, short, retired, successors }): Unit => ({ code, name, name_en, kind, parent: parent ?? null, short: short ?? null, retired: retired ?? false, successors: successors ?? [] }),
  );
  const note = 'Meclis kararı 2026/1184: Çukur ve asfalt yama işleri tek müdürlükte toplanıyor.';
  let held: DirectoryVersions = { version: 1, units, versions: [{ id: 1, at: Date.now() - 44 * DAY, author: 'Tablet ve sunucu işletimi', note, changes: 3 }] };
  const unit = (code: string) => held.units.find((found) => found.code === code);
  const change = (after: Unit, open = 0): UnitChange => {
    const to = unit(after.successors[0] ?? '');
    return { before: unit(after.code) ?? null, after, open, to: to ? { code: to.code, name: to.name } : null, categories: after.retired ? ['Yolda çukur / asfalt bozulması', 'Kaldırım bozuk / çökmüş'] : [] };
  };
  function ofTable(): UnitChange[] {
    const department: Unit = { code: 'db-yol-ustyapi', name: 'Yol Üstyapı Dairesi Başkanlığı', name_en: 'Road Surfaces Department', kind: 'daire', parent: 'ibb', short: null, retired: false, successors: [] };
    const [closed, moved] = [unit('md-yol-bakim-anadolu'), unit('md-yol-bakim-avrupa')];
    if (!closed || !moved) return [change(department)];
    return [
      change(department),
      { ...change({ ...closed, retired: true, successors: ['md-yol-bakim-avrupa'] }, 37) },
      change({ ...moved, name: 'Yol Bakım ve Onarım Müdürlüğü (İki Yaka)', parent: 'db-yol-ustyapi' }),
    ];
  }
  return {
    directoryTable: 'data:text/csv;charset=utf-8,kod%3Bad',
    directoryVersions: () => answer(() => held),
    lookAtDirectory: ({ table, units: given }) =>
      answer(() => {
        if (table?.includes('md-yok'))
          return {
            changes: [],
            problems: [
              { line: 14, code: 'md-asfalt', why: 'Bu kod 9. satırda da var; her birim bir kez yazılır.' },
              { line: 31, code: 'md-kasis', why: 'Üst birim db-yok dizinde de tabloda da yok.' },
              { line: 32, code: 'db-x', why: 'Üst birimler bir daire çiziyor: db-x kendi altında kalıyor.' },
            ],
          };
        return { problems: [], changes: [...(table ? ofTable() : []), ...given.map((after) => change(after, after.retired ? 12 : 0))] };
      }),
    changeDirectory: ({ base, units: given, note: why }) =>
      answer(() => {
        if (base !== held.version) throw new DeskFailed('stale');
        const changed = held.units.map((old) => given.find(({ code }) => code === old.code) ?? old);
        const added = given.filter(({ code }) => !unit(code));
        held = { version: base + 1, units: [...changed, ...added], versions: [{ id: base + 1, at: Date.now(), author: 'Tablet ve sunucu işletimi', note: why, changes: given.length }, ...held.versions] };
        return held;
      }),
  };
}
