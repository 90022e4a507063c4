// Where to: the unit that is about to get the request. The first suggestion is chosen from the start;
// numbers choose another, letters find any.
import type { Act } from '$ui/wire/Act';
import type { DeskRequest } from '$ui/wire/DeskRequest';
import type { DeskUnit } from '$ui/wire/DeskUnit';
import { findUnits, numbered } from './suggest';

export interface Option {
  code: string;
  name: string;
  external: boolean;
  /** `rule`, `alternative`, or `found` when searched for. */
  why: string;
}

export class Choice {
  code: string | null = $state(null);
  query = $state('');
  /** Only institutions outside are searched (D). */
  outside = $state(false);
  at = $state(0);
  note = $state('');
  seen = $state(0);
  /** The category as it is corrected on the way. */
  category = $state('');

  constructor(
    readonly request: DeskRequest,
    private readonly units: () => DeskUnit[],
  ) {
    this.code = this.options[0]?.code ?? null;
    this.seen = request.n;
    this.category = request.row.category;
  }

  picked: Option | null = $state.raw(null);

  /** Suggestions, and what was searched for, each with its number. */
  get options(): Option[] {
    const can = this.request.can;
    const list = this.request.suggestions
      .filter(({ external }) => can.includes(external ? 'send_out' : 'route'))
      .map(({ unit, external, why }): Option => ({ ...unit, external, why }));
    return this.picked && !list.some(({ code }) => code === this.picked?.code) ? [...list, this.picked] : list;
  }

  get chosen(): Option | null {
    return this.options.find(({ code }) => code === this.code) ?? null;
  }

  get found(): DeskUnit[] {
    const can = this.request.can;
    const may = this.units().filter(({ external }) => can.includes(external ? 'send_out' : 'route') && (external || !this.outside));
    return findUnits(may, this.query);
  }

  /** A number key: whether it chose something. */
  press(key: string): boolean {
    const at = numbered(key, this.options.length);
    const option = at === null ? undefined : this.options[at];
    if (option) this.code = option.code;
    return option !== undefined;
  }

  move(step: number): void {
    const count = this.found.length;
    if (count) this.at = (this.at + step + count) % count;
  }

  /** Takes what is marked in the list of found units. */
  take(unit = this.found[this.at]): Option | null {
    if (!unit) return null;
    this.picked = { code: unit.code, name: unit.name, external: unit.external, why: 'found' };
    this.code = unit.code;
    this.query = '';
    this.at = 0;
    this.outside = false;
    return this.picked;
  }

  act(): Act | null {
    const chosen = this.chosen;
    if (!chosen) return null;
    const note = this.note.trim();
    return { n: this.seen, action: chosen.external ? 'send_out' : 'route', unit: chosen.code, ...(note ? { note } : {}), ...(this.category !== this.request.row.category ? { category: this.category } : {}) };
  }
}
