// Which roles go with a unit, and which can be limited to districts. The server holds to the same.
import type { Account } from '$ui/wire/Account';
import type { Duty } from '$ui/wire/Duty';
import type { Role } from '$ui/wire/Role';

export const worksInUnit = (role: Role): boolean => role === 'unit' || role === 'approver' || role === 'head';
export const canBeLimited = (role: Role): boolean => role === 'triage' || role === 'auditor';

export const newDuty = (): Duty => ({ role: 'unit', unit: '', districts: [] });
export const dutyOf = ({ role, unit, districts }: Account): Duty => ({ role, unit: unit?.code ?? '', districts: districts.map(({ code }) => code) });

/** Where it is done, in words: the unit, or the districts somebody is limited to; nothing for the whole city. */
export const placeOfDuty = ({ unit, districts }: Pick<Account, 'unit' | 'districts'>): string => unit?.name ?? districts.map(({ name }) => name).join(', ');
