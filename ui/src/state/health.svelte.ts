// How the library and what is around it stands: checks, alerts, backups, work in the background, what takes room.
import {
  call,
  toWireError,
  type Alert,
  type AlertKind,
  type BackupList,
  type Command,
  type Commands,
  type Figures,
  type Health,
  type JobEntry,
  type ProgressEvent,
  type Room,
  type WireError,
} from "../api";
import { formatBytes, t } from "../text";
import { app } from "./app.svelte";
import { toasts } from "./toasts.svelte";

/** Work that the player started here and waits for. */
export interface Work {
  name: string;
  done: number;
  total: number;
  stopping: boolean;
}

class HealthState {
  health = $state.raw<Health | null>(null);
  alerts = $state.raw<readonly Alert[]>([]);
  backups = $state.raw<BackupList | null>(null);
  jobs = $state.raw<readonly JobEntry[]>([]);
  room = $state.raw<Room | null>(null);
  figures = $state.raw<Figures | null>(null);
  /** Why there are no backups to show. */
  unbacked = $state.raw<WireError | null>(null);
  failure = $state.raw<WireError | null>(null);
  work = $state.raw<Work | null>(null);
  #job: number | null = null;

  /** What the player is to be told of. */
  get news(): readonly Alert[] {
    return this.alerts.filter((alert) => !alert.dismissed);
  }

  /** Asks how everything stands. Where one thing cannot be told, the others are. */
  async look(): Promise<void> {
    const offset_minutes = -new Date().getTimezoneOffset();
    await Promise.all([
      this.#ask("health.get", { keychain: false }, (found) => {
        this.health = found;
        this.alerts = found.alerts;
      }),
      this.#ask("jobs.list", {}, (found) => (this.jobs = found.jobs)),
      this.#ask("store.room", { offset_minutes }, (found) => (this.room = found)),
      this.#ask("health.figures", {}, (found) => (this.figures = found)),
      this.#backups(),
    ]);
  }

  /** What is not well, as the program knows it: for the line below the sidebar. */
  async refreshAlerts(): Promise<void> {
    this.alerts = await call("alerts.list", {}).catch(() => this.alerts);
  }

  async dismiss(kind: AlertKind): Promise<void> {
    this.alerts = await call("alerts.dismiss", { kind }).catch(() => this.alerts);
  }

  /** Does work that is else done by itself, and says how it ended. */
  async run(name: string): Promise<void> {
    const run = await this.#work(name, "jobs.run", { name });
    if (run?.outcome === "failed" && run.problem) toasts.fail(run.problem.message, run.problem);
    else if (run) toasts.news(t.storage.ended[run.outcome](t.storage.job(name)));
    await this.look();
  }

  async backUp(): Promise<void> {
    const made = await this.#work("backup", "backup.make", {});
    if (made) toasts.news(t.storage.made(made.backup.versions, formatBytes(made.backup.bytes)));
    await this.look();
  }

  async drill(): Promise<void> {
    const drill = await this.#work("drill", "backup.drill", {});
    if (drill?.problem) toasts.fail(drill.problem.message, drill.problem);
    else if (drill) toasts.news(t.storage.tried(drill.versions));
    await this.look();
  }

  /** Brings a backup back: what is there is put aside. */
  async restore(name: string): Promise<void> {
    const back = await this.#work("restore", "backup.restore", { name });
    if (back?.overview) app.turnTo(back.overview);
    else await app.refresh();
    if (back) toasts.news(back.set_aside ? t.closed.aside(back.set_aside) : t.storage.brought(back.brought));
    await this.look();
  }

  async showBackups(): Promise<void> {
    await call("backup.show", {}).catch((error: unknown) => {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    });
  }

  /** Has work done by itself, or not; more or less often. */
  async set(name: string, wish: { off?: boolean; every_hours?: number }): Promise<void> {
    try {
      this.jobs = (await call("jobs.set", { name, ...wish })).jobs;
    } catch (error) {
      const failure = toWireError(error);
      toasts.fail(failure.message, failure);
    }
  }

  /** Stops what the player waits for; it leaves everything whole. */
  async stop(): Promise<void> {
    if (this.#job === null || !this.work) return;
    this.work = { ...this.work, stopping: true };
    await call("job.cancel", { job: this.#job }).catch(() => undefined);
  }

  async #backups(): Promise<void> {
    try {
      this.backups = await call("backup.list", {});
      this.unbacked = null;
    } catch (error) {
      this.backups = null;
      this.unbacked = toWireError(error);
    }
  }

  async #ask<C extends Command>(
    command: C,
    params: Commands[C][0],
    take: (found: Commands[C][1]) => void,
  ): Promise<void> {
    try {
      take(await call(command, params));
      if (command === "health.get") this.failure = null;
    } catch (error) {
      if (command === "health.get") this.failure = toWireError(error);
    }
  }

  async #work<C extends Command>(
    name: string,
    command: C,
    params: Commands[C][0],
  ): Promise<Commands[C][1] | null> {
    if (this.work) return null;
    this.work = { name, done: 0, total: 0, stopping: false };
    try {
      return await call(command, params, this.#hear);
    } catch (error) {
      const failure = toWireError(error);
      if (failure.code === "cancelled") toasts.news(t.storage.ended.stopped(t.storage.job(name)));
      else toasts.fail(failure.message, failure);
      return null;
    } finally {
      this.work = null;
      this.#job = null;
    }
  }

  #hear = (event: ProgressEvent): void => {
    if (event.event === "started") this.#job = event.job;
    if (event.event === "advanced" && this.work)
      this.work = { ...this.work, done: event.done, total: event.total };
  };
}

export const health = new HealthState();
