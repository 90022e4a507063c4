// Words a unit uses again and again: fetched when they are first wanted.
import type { Desk } from '$ui/backend/desk';
import type { DeskTemplate } from '$ui/wire/DeskTemplate';

export class Templates {
  list: DeskTemplate[] | null = $state.raw(null);

  constructor(
    private readonly door: Desk,
    private readonly noticing: <T>(ask: () => Promise<T>) => () => Promise<T>,
  ) {}

  readonly fetch = async (): Promise<void> => {
    this.list = await this.noticing(() => this.door.templates())();
  };
  readonly add = async (name: string, body: string): Promise<void> => {
    this.list = await this.noticing(() => this.door.addTemplate({ name, body }))();
  };
  readonly drop = async (id: number): Promise<void> => {
    this.list = await this.noticing(() => this.door.dropTemplate(id))();
  };
}
