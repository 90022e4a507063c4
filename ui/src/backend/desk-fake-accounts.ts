// People and keys for the pictures.
import type { Accounts } from '$ui/wire/Accounts';
import type { Role } from '$ui/wire/Role';
import type { UnitRef } from '$ui/wire/UnitRef';
import type { Desk } from './desk';
import { directory } from './desk-fake-city';

const DAY = 86_400_000;
const districtOf = (code: string) => directory.districts.find((one) => one.code === code) ?? { code, name: code };

type Doors = Pick<Desk, 'accounts' | 'addAccount' | 'changeAccount' | 'addKey' | 'revokeKey'>;

export function fakeAccounts(empty: boolean, ref: (code: string) => UnitRef, answer: <T>(value: () => T) => Promise<T>): Doors {
  const now = Date.now();
  const person = (login: string, name: string, role: Role, unit: string, days: number, second = false, disabled = false, districts: string[] = []) => ({
    login, name, role, unit: unit ? ref(unit) : null, districts: districts.map((code) => districtOf(code)), second_factor: second, created: now - days * DAY, disabled: disabled ? now - 3 * DAY : null, own: login === 'isletim',
    external: second ? '' : `${login}@belediye.example`, bound: days > 200,
  });
  const key = (name: string, unit: string, days: number, left: number, revoked = false, writes = name.startsWith('iski')) => ({
    name, unit: ref(unit), writes, created: now - days * DAY, expires: now + left * DAY, revoked: revoked ? now - DAY : null,
  });
  const held: Accounts = {
    people: [
      person('denetim', 'Denetim masası', 'auditor', '', 220),
      person('iski.evrak', 'İSKİ, evrak masası', 'unit', 'bk-iski', 190),
      person('isletim', 'Tablet ve sunucu işletimi', 'operator', '', 400, true),
      person('on.inceleme', 'Ön inceleme masası', 'triage', '', 400, true),
      person('on.inceleme.2', 'Ön inceleme masası 2', 'triage', '', 35, false, false, ['kadikoy', 'uskudar']),
      person('yol.bakim', 'Yol Bakım, Anadolu', 'unit', 'md-yol-bakim-anadolu', 310),
      person('yol.bakim.amir', 'Yol Bakım, Anadolu: amir', 'head', 'md-yol-bakim-anadolu', 310, true),
      person('yol.bakim.eski', 'Yol Bakım, Anadolu: eski vardiya', 'unit', 'md-yol-bakim-anadolu', 390, false, true),
      person('yol.bakim.onay', 'Yol Bakım, Anadolu: onay', 'approver', 'md-yol-bakim-anadolu', 310, true),
    ],
    keys: empty ? [] : [
      key('iski-is-takip', 'bk-iski', 180, 185),
      key('ukome-panosu', 'md-ulasim-koordinasyon', 358, 7),
      key('yol-bakim-programi', 'md-yol-bakim-anadolu', 20, 345),
      key('yol-bakim-deneme', 'md-yol-bakim-anadolu', 90, 275, true),
    ],
    secret: null,
    provider: 'Belediye hesabı',
  };
  const shown = (secret: string | null = null): Accounts => ({ ...held, secret });
  return {
    accounts: () => answer(() => shown()),
    addAccount: ({ login, name, role, unit, districts }) =>
      answer(() => {
        held.people.push(person(login, name, role, unit, 0, false, false, districts));
        return shown('4KR7-9XQ2-H3M5-P8TC');
      }),
    changeAccount: (login, change) =>
      answer(() => {
        const one = held.people.find((other) => other.login === login);
        if (one && change === 'disable') one.disabled = Date.now();
        if (one && change === 'enable') one.disabled = null;
        if (one && change === 'no_second_factor') one.second_factor = false;
        if (one && typeof change === 'object' && 'external' in change) Object.assign(one, { external: change.external, bound: false });
        if (one && typeof change === 'object' && 'duty' in change) {
          const { role, unit, districts } = change.duty;
          Object.assign(one, { role, unit: unit ? ref(unit) : null, districts: districts.map((code) => districtOf(code)) });
        }
        return shown(change === 'new_password' ? '7MQ2-K9GT-D5NE-2JKB' : null);
      }),
    addKey: ({ name, unit, days, writes }) =>
      answer(() => {
        held.keys.push(key(name, unit, 0, days, false, writes));
        return shown('mbs_x3Vt0b9wq1Jr7nQ2mZcKfYp4Lh8sDgUaEoTiWvXyR50');
      }),
    revokeKey: (name) =>
      answer(() => {
        for (const one of held.keys) if (one.name === name) one.revoked = Date.now();
        return shown();
      }),
  };
}
