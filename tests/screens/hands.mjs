// Three ways to use a screen, all with the same words: by finger, by keyboard alone, and by what a screen reader is told.
//
// Each finds things by role and name only, counts what it does, and what it met on the way.

/** Between two looks at what a reader is told, in milliseconds. */
const LOOK_AGAIN = 50;

/** What every hand counts, and how it finds out what a page says. */
class Hand {
  did = 0;
  letters = 0;
  words = 0;
  screens = new Set();

  constructor(page) {
    this.page = page;
    // From now on choosers are caught: one that opens while the browser is only being told so would be lost.
    page.on('filechooser', () => {});
  }

  async begin() {}

  locator({ role, name, nth = 0 }) {
    const exact = typeof name === 'string';
    const found = role === 'file' ? this.page.getByLabel(name) : this.page.getByRole(role, { name, exact });
    return found.nth(nth);
  }

  /** Suggestions come when the fingers rest. */
  async rests(ms = 400) {
    await this.page.evaluate((ms) => new Promise((rested) => setTimeout(rested, ms)), ms);
  }

  /** Types where the focus is. */
  async type(text) {
    this.letters += text.length;
    await this.page.keyboard.insertText(text);
    await this.rests();
  }

  /** Gives a file to the chooser that `opens` opens. */
  async choose(file, opens) {
    const [chooser] = await Promise.all([this.page.waitForEvent('filechooser'), opens()]);
    await chooser.setFiles([file]);
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor();
    await this.look();
  }

  /** A screen is an address; its words are counted once. */
  async look() {
    const screen = await this.page.evaluate(() => location.hash.replace(/r\d+/, 'r'));
    if (this.screens.has(screen)) return;
    this.screens.add(screen);
    this.words += await this.page.evaluate(() => (document.querySelector('.app')?.innerText ?? '').split(/\s+/).filter(Boolean).length);
  }
}

/** Counts taps; a field that was not looked at before has to be tapped too where the task says so. Measures what the page works
 *  for each until it shows something. */
export class Finger extends Hand {
  static unit = 'taps';
  /** The most work for one tap, in milliseconds of the processor, whatever else the machine does meanwhile. */
  work = 0;

  async begin() {
    this.inside = await this.page.context().newCDPSession(this.page);
    await this.inside.send('Performance.enable', { timeDomain: 'threadTicks' });
  }

  /** Milliseconds the page's thread has worked so far. */
  async worked() {
    const { metrics } = await this.inside.send('Performance.getMetrics');
    return 1000 * metrics.find(({ name }) => name === 'TaskDuration').value;
  }

  async tap(thing) {
    const target = this.locator(thing);
    await target.waitFor();
    await this.look();
    this.did++;
    const before = await this.worked();
    await target.click();
    // Its answer is drawn in the frame after the next one at the latest.
    await this.page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
    this.work = Math.max(this.work, (await this.worked()) - before);
  }

  async write(thing, text, tapped = false) {
    const field = this.locator(thing);
    await field.waitFor();
    await this.look();
    if (tapped) this.did++;
    this.letters += text.length;
    await field.fill(text);
    await this.rests();
  }

  /** The camera's own button is not ours to count. */
  async attach(thing, file) {
    await this.look();
    this.did++;
    await this.locator(thing).setInputFiles([file]);
  }
}

/** Counts keys that are no letters. */
export class Keys extends Hand {
  static unit = 'keys';
  static MOST = 120;

  async press(key) {
    this.did++;
    await this.page.keyboard.press(key);
  }

  /** Goes there by Tab alone. */
  async reach(thing) {
    const target = this.locator(thing);
    await target.waitFor({ state: 'attached' });
    await this.look();
    for (let n = 0; n <= Keys.MOST; n++) {
      if (await target.evaluate((element) => element === document.activeElement)) return;
      await this.press('Tab');
    }
    throw new Error(`${JSON.stringify(thing)} is not reached by Tab`);
  }

  async tap(thing) {
    await this.reach(thing);
    // Where the eye cannot follow, no hand can.
    const seen = await this.page.evaluate(() => {
      const ring = (element) => element && getComputedStyle(element).outlineStyle !== 'none';
      const active = document.activeElement;
      return ring(active) || ring(active?.closest('label')) || ring(active?.nextElementSibling) || Boolean(active?.closest('label')?.matches(':has(:focus-visible)'));
    });
    if (!seen) throw new Error(`${JSON.stringify(thing)} does not show that it has the focus`);
    await this.press(thing.role === 'radio' ? 'Space' : 'Enter');
  }

  async write(thing, text) {
    await this.reach(thing);
    await this.type(text);
  }

  async attach(thing, file) {
    await this.reach(thing);
    await this.choose(file, () => this.press('Space'));
  }
}

/** Knows nothing but the tree that a screen reader is given, and acts on its nodes. Counts what was read out before. */
export class Reader extends Hand {
  static unit = 'heard';

  async begin() {
    this.line = await this.page.context().newCDPSession(this.page);
    await this.line.send('Accessibility.enable');
  }

  /** Nodes in the order in which they are read, with the words of each. */
  async tree() {
    const { nodes } = await this.line.send('Accessibility.getFullAXTree');
    const byId = new Map(nodes.map((node) => [node.nodeId, node]));
    const read = [];
    const walk = (node) => {
      if (!node) return;
      const [role, name] = [node.role?.value, node.name?.value?.trim() ?? ''];
      // Of a dialog nothing behind it is read: Chromium leaves it out of the tree by itself.
      if (!node.ignored && name && role !== 'InlineTextBox' && role !== 'RootWebArea') read.push({ role, name, id: node.backendDOMNodeId });
      for (const child of node.childIds ?? []) walk(byId.get(child));
    };
    walk(nodes.find((node) => !node.parentId));
    return read;
  }

  async find({ role, name, nth = 0 }) {
    const fits = (node) => node.role === (role === 'file' ? 'button' : role) && (typeof name === 'string' ? (role === 'file' ? node.name.startsWith(name) : node.name === name) : name.test(node.name));
    for (let n = 0; n < 100; n++) {
      const read = await this.tree();
      const all = read.flatMap((node, at) => (fits(node) ? [at] : []));
      if (all[nth] !== undefined) {
        await this.look();
        // A reader jumps from control to control; what it passes are those before this one.
        this.did += read.slice(0, all[nth]).filter(({ role: passed }) => ['link', 'button', 'textbox', 'searchbox', 'radio', 'checkbox', 'heading'].includes(passed)).length;
        return read[all[nth]].id;
      }
      await this.rests(LOOK_AGAIN);
    }
    throw new Error(`a screen reader is told of no ${role} ${name}`);
  }

  async act(id, what) {
    const { object } = await this.line.send('DOM.resolveNode', { backendNodeId: id });
    await this.line.send('Runtime.callFunctionOn', { objectId: object.objectId, functionDeclaration: `function () { const control = this.nodeType === 1 ? this : this.parentElement; control.${what}(); }`, userGesture: true });
  }

  async tap(thing) {
    await this.act(await this.find(thing), 'click');
  }

  async write(thing, text) {
    await this.act(await this.find(thing), 'focus');
    await this.type(text);
  }

  async attach(thing, file) {
    const id = await this.find(thing);
    await this.choose(file, () => this.act(id, 'click'));
  }

  async sees(text) {
    for (let n = 0; n < 100; n++) {
      if ((await this.tree()).some(({ name }) => name.includes(text))) return this.look();
      await this.rests(LOOK_AGAIN);
    }
    throw new Error(`a screen reader is not told “${text}”`);
  }
}
