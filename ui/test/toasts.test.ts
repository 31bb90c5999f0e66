import { afterEach, describe, expect, it } from "vitest";
import { toasts } from "../src/state/toasts.svelte";

afterEach(() => toasts.list.forEach((toast) => toasts.close(toast.id)));

describe("notes at the edge of the window", () => {
  it("are few, and a failure is never the one that goes", () => {
    toasts.fail("It failed", { code: "internal", message: "It failed", retryable: false } as never);
    const taken: string[] = [];
    for (const name of ["one", "two", "three", "four"]) toasts.done(name, () => taken.push(name));
    expect(toasts.list.map((toast) => toast.title)).toEqual(["It failed", "two", "three", "four"]);
    toasts.undo();
    toasts.undo();
    expect(taken).toEqual(["four"]);
    expect(toasts.list.map((toast) => toast.title)).toEqual(["It failed", "two", "three"]);
  });
});
