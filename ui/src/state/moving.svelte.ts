// Moving the library to another storage: where to, the rehearsal, the copy, the switch. Closing the dialog pauses; what was
// begun is there when it is opened again.
import {
  call,
  toWireError,
  type Command,
  type Commands,
  type Doing,
  type Moved,
  type MoveLook,
  type MoveTo,
  type ProgressEvent,
  type Switched,
  type WireError,
} from "../api";
import { t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

export type Step = "choose" | "rehearse" | "copy" | "switch";

export const STEPS: readonly Step[] = ["choose", "rehearse", "copy", "switch"];

/** What is being done just now. */
export type MoveWork = Step | "remove";

/** Before so much time has passed nobody can say how long it takes: milliseconds. */
const SETTLING = 2000;

class Moving {
  open = $state(false);
  step = $state<Step>("choose");
  look = $state.raw<MoveLook | null>(null);
  /** The player agreed to a copy that is not encrypted. */
  plain = $state(false);
  rehearsed = $state.raw<Moved | null>(null);
  copied = $state.raw<Moved | null>(null);
  switched = $state.raw<Switched | null>(null);
  work = $state<MoveWork | null>(null);
  stopping = $state(false);
  failure = $state.raw<WireError | null>(null);
  /** Which character is worked on, and what is done with it. */
  name = $state("");
  doing = $state<Doing | null>(null);
  done = $state(0);
  total = $state(0);
  /** Seconds that it will take yet, as far as that can be said. */
  left = $state<number | null>(null);
  #job: number | null = null;
  #begun: { at: number; done: number } | null = null;
  #ended: Promise<unknown> = Promise.resolve();

  /** Whether what was copied can be removed again: the place was empty. */
  get removable(): boolean {
    return this.look !== null && (this.look.begun || this.look.there === 0);
  }

  /** Versions that are to be there. */
  get versions(): number {
    return this.look ? this.look.versions + this.look.skipped : 0;
  }

  /** Versions that are read, copied or compared, whichever is being done. */
  get counted(): number {
    const isWhole = this.doing === "reading";
    const all = isWhole ? this.total : Math.floor(this.total / 2);
    return this.doing === "comparing" ? Math.max(0, this.done - all) : Math.min(this.done, all);
  }

  /** Shows the dialog, where it was left. */
  ask(): void {
    if (this.switched) this.#forget();
    this.open = true;
  }

  /** Closes the dialog. What is under way pauses; nothing of it is lost. */
  close(): void {
    // A dialog of the system is in front of it, or the library is between two places.
    if (this.work === "choose" || this.work === "switch" || this.work === "remove") return;
    this.open = false;
    if (this.work) void this.pause();
    if (this.switched) this.#forget();
  }

  /** Goes back to where a place is chosen. What was copied stays where it is. */
  elsewhere(): void {
    this.failure = null;
    this.step = "choose";
  }

  /** One step back, or out of the dialog where there is none. */
  back(): void {
    if (!this.work && this.step === "rehearse") this.elsewhere();
    else this.close();
  }

  /** Lets the player choose a place, and looks at it. */
  async choose(to: MoveTo): Promise<void> {
    const look = await this.#run("choose", "move.choose", to);
    if (!look) return;
    this.look = look;
    this.rehearsed = this.copied = null;
    this.plain = false;
    this.step = look.begun ? "copy" : "rehearse";
  }

  async rehearse(): Promise<void> {
    this.rehearsed = null;
    this.rehearsed = await this.#run("rehearse", "move.rehearse", { plain: this.plain });
  }

  /** Copies, or goes on with it. */
  async copy(): Promise<void> {
    this.step = "copy";
    const copied = await this.#run("copy", "move.start", { plain: this.plain });
    if (!copied) return;
    this.copied = copied;
    if (copied.complete) this.step = "switch";
  }

  async switch(): Promise<void> {
    const switched = await this.#run("switch", "move.switch", {});
    if (!switched) return;
    this.switched = switched;
    app.turnTo(switched.overview);
  }

  /** Stops what is under way and removes what it copied. */
  async remove(): Promise<void> {
    if (this.work) await this.pause();
    await this.#ended;
    if ((await this.#run("remove", "move.remove", {})) === null) return;
    this.#forget();
    toasts.news(t.move.removed);
  }

  /** Stops between two versions; it goes on from there. */
  async pause(): Promise<void> {
    if (this.#job === null) return;
    this.stopping = true;
    await call("job.cancel", { job: this.#job }).catch(() => undefined);
  }

  #forget(): void {
    this.step = "choose";
    this.look = this.rehearsed = this.copied = this.switched = this.failure = null;
    this.plain = false;
  }

  /** Does one thing; nothing where it failed, and {@link failure} says why. */
  async #run<C extends Command>(
    work: MoveWork,
    command: C,
    params: Commands[C][0],
  ): Promise<Commands[C][1] | null> {
    if (this.work) return null;
    this.work = work;
    this.stopping = false;
    this.failure = this.doing = this.left = this.#begun = null;
    this.done = this.total = 0;
    this.name = "";
    const answer = call(command, params, this.hear);
    this.#ended = answer.catch(() => undefined);
    try {
      return await answer;
    } catch (error) {
      const failure = toWireError(error);
      if (failure.code !== "cancelled") this.failure = failure;
      return null;
    } finally {
      this.work = null;
      this.stopping = false;
      this.#job = null;
    }
  }

  /** Hears how far the work is. */
  hear = (event: ProgressEvent): void => {
    if (event.event === "started") this.#job = event.job;
    if (event.event === "character") {
      this.name = event.name;
      this.doing = event.doing;
    }
    if (event.event === "advanced") {
      this.done = event.done;
      this.total = event.total;
      this.#reckon(performance.now());
    }
  };

  /** What is left takes as long as what was done took, piece by piece. */
  #reckon(now: number): void {
    this.#begun ??= { at: now, done: this.done };
    const { at, done } = this.#begun;
    const [took, did] = [now - at, this.done - done];
    this.left = took < SETTLING || did <= 0 ? null : ((this.total - this.done) * took) / did / 1000;
  }
}

export const moving = new Moving();
