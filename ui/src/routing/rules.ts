// What a rule says, in words; which rules differ.
import { m } from '$ui/paraglide/messages';
import type { DeskUnit } from '$ui/wire/DeskUnit';
import type { Priority } from '$ui/wire/Priority';
import type { Route } from '$ui/wire/Route';
import type { Rule } from '$ui/wire/Rule';

export const priorities: Priority[] = ['urgent', 'high', 'normal', 'low'];
const PRIORITY: Record<Priority, () => string> = { urgent: m.rule_urgent, high: m.rule_high, normal: m.rule_normal, low: m.rule_low };
export const priorityName = (priority: Priority): string => PRIORITY[priority]();

export type RouteKind = Route['rule'];
export const routeKinds: RouteKind[] = ['fixed', 'by_side', 'district_municipality'];
const KIND: Record<RouteKind, () => string> = { fixed: m.rule_fixed, by_side: m.rule_by_side, district_municipality: m.rule_district };
export const routeKindName = (kind: RouteKind): string => KIND[kind]();

const nameOf = (units: DeskUnit[], code: string) => units.find((unit) => unit.code === code)?.name ?? code;

export function routeText(route: Route, units: DeskUnit[]): string {
  if (route.rule === 'fixed') return nameOf(units, route.code);
  if (route.rule === 'by_side') return m.rule_two_sides({ europe: nameOf(units, route.Avrupa), anatolia: nameOf(units, route.Anadolu) });
  return m.rule_district();
}

/** A route of another kind, with as much of this one as fits. */
export function routeAs(kind: RouteKind, route: Route): Route {
  const unit = route.rule === 'fixed' ? route.code : route.rule === 'by_side' ? route.Anadolu : '';
  if (kind === 'fixed') return { rule: 'fixed', code: unit };
  if (kind === 'by_side') return { rule: 'by_side', Avrupa: route.rule === 'by_side' ? route.Avrupa : unit, Anadolu: unit };
  return { rule: 'district_municipality' };
}

export const isWhole = ({ route }: Rule): boolean => (route.rule === 'fixed' ? route.code !== '' : route.rule === 'by_side' ? route.Avrupa !== '' && route.Anadolu !== '' : true);

/** Fields in one order, so that what is the same reads the same. */
const plain = ({ route, alternatives, triage_first, target_days, priority }: Rule) =>
  JSON.stringify([route, alternatives, triage_first, target_days, priority], (_, value: unknown) =>
    value && typeof value === 'object' && !Array.isArray(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  );
export const sameRule = (one: Rule, other: Rule): boolean => plain(one) === plain(other);
