import fc from "fast-check";
import { expect, test } from "vitest";

import type { Action } from "../src/editor/actions";
import { EMPTY, pictureOf, type Document, type Editor, type Facts } from "../src/editor/document";
import { isArea } from "../src/editor/marks";
import { reduce } from "../src/editor/reduce";
import { box, opened, picture } from "./random";

const FACTS = { regions: 1 } as Facts;
const after = (...actions: Action[]): Editor => actions.reduce(reduce, EMPTY);
const only = (editor: Editor): Document => editor.documents[0] as Document;

/** Whose picture this is stands in its key: `a-0` is a's file, `a-r1` the result of run r1 on a. */
const ID = fc.constantFrom("a", "b", "c");
const TOKEN = fc.constantFrom("t1", "t2", "t3");
const MARK = fc.constantFrom("m1", "m2", "m3");
const ACTION: fc.Arbitrary<Action> = fc.oneof(
  ID.map((id) => ({ type: "chosen" as const, id })),
  ID.map((id) => ({ type: "closed" as const, id })),
  fc.tuple(ID, MARK, fc.integer({ min: -200, max: 200 })).map(([id, mark, x]) => ({ type: "marked" as const, id, mark: box(mark, x) })),
  fc.tuple(ID, MARK).map(([id, mark]) => ({ type: "toggled" as const, id, mark })),
  fc.tuple(ID, MARK).map(([id, mark]) => ({ type: "deleted" as const, id, mark })),
  fc.tuple(ID, MARK).map(([id, mark]) => ({ type: "selected" as const, id, mark })),
  fc.tuple(ID, MARK).map(([id, mark]) => ({ type: "moved" as const, id, mark, points: box(mark, 40).points })),
  ID.map((id) => ({ type: "cleared" as const, id })),
  ID.map((id) => ({ type: "undone" as const, id })),
  ID.map((id) => ({ type: "redone" as const, id })),
  fc.tuple(ID, fc.integer({ min: 0, max: 3 })).map(([id, at]) => ({ type: "stepped" as const, id, at })),
  fc.tuple(ID, TOKEN).map(([id, find]) => ({ type: "findStarted" as const, id, find: `${id}-${find}` })),
  fc.tuple(ID, ID, TOKEN).map(([id, of, find]) => ({ type: "found" as const, id, find: `${of}-${find}`, areas: [box(`${of}-found`, 5, "found")] })),
  fc.tuple(ID, ID, TOKEN).map(([id, of, find]) => ({ type: "findFailed" as const, id, find: `${of}-${find}`, problem: null })),
  fc.tuple(ID, TOKEN).map(([id, run]) => ({ type: "runStarted" as const, id, run: `${id}-${run}`, now: 0 })),
  fc.tuple(ID, ID, TOKEN, fc.double({ min: 0, max: 1, noNaN: true })).map(([id, of, run, overall]) => ({ type: "runTold" as const, id, run: `${of}-${run}`, news: { overall } })),
  fc.tuple(ID, ID, TOKEN).map(([id, of, run]) => ({ type: "runFinished" as const, id, run: `${of}-${run}`, picture: picture(`${of}-${run}`), facts: FACTS })),
  fc.tuple(ID, ID, TOKEN).map(([id, of, run]) => ({ type: "runEnded" as const, id, run: `${of}-${run}`, problem: null })),
);

function check(editor: Editor): void {
  for (const document of editor.documents) {
    for (const moment of [document, ...document.past, ...document.future]) {
      expect(moment.steps[moment.at]).toBeDefined();
      for (const { picture } of moment.steps) expect(picture.key.startsWith(`${document.id}-`)).toBe(true);
      for (const mark of moment.marks.filter(isArea)) {
        if (mark.origin === "found") expect(mark.id).toBe(`${document.id}-found`);
        for (const [x, y] of mark.points) expect(x >= 0 && x <= 100 && y >= 0 && y <= 80).toBe(true);
      }
    }
    if (document.run) expect(document.run.picture).toBe(pictureOf(document).key);
    if (document.selected) expect(document.marks.map(({ id }) => id)).toContain(document.selected);
  }
  const current = editor.current;
  expect(editor.documents.length ? editor.documents.some(({ id }) => id === current) : current === null).toBe(true);
}

test("whatever happens in whatever order, no picture gets what belongs to another", () => {
  fc.assert(
    fc.property(fc.array(ACTION, { maxLength: 60 }), (actions) => {
      let editor = after(opened("a"), opened("b"), opened("c"));
      for (const action of actions) {
        editor = reduce(editor, action);
        check(editor);
      }
    }),
    { numRuns: 400 },
  );
});

test("every change of marks can be undone to where it began, and redone to where it ended", () => {
  fc.assert(
    fc.property(fc.array(ACTION, { maxLength: 40 }), (actions) => {
      const begun = after(opened("a"));
      const editor = actions.filter((action) => "id" in action && action.id === "a" && action.type !== "closed").reduce(reduce, begun);
      const ended = reduce(editor, { type: "runEnded", id: "a", run: only(editor).run?.id ?? "", problem: null });
      const steps = only(ended).past.length;
      const moves = (type: "undone" | "redone") => Array.from({ length: steps }, (): Action => ({ type, id: "a" }));
      const back = moves("undone").reduce(reduce, ended);
      expect(only(back).marks).toEqual([]);
      expect(only(back).at).toBe(0);
      const forth = moves("redone").reduce(reduce, back);
      expect(only(forth).marks).toEqual(only(ended).marks);
      expect(only(forth).steps).toEqual(only(ended).steps);
      expect(only(forth).at).toBe(only(ended).at);
    }),
  );
});

test("a result that arrives after another picture was chosen goes to the picture it was made from", () => {
  // Given
  const running = after(opened("a"), opened("b"), { type: "runStarted", id: "a", run: "r", now: 0 }, { type: "chosen", id: "b" });
  // When
  const editor = reduce(running, { type: "runFinished", id: "a", run: "r", picture: picture("a-r"), facts: FACTS });
  // Then
  expect(editor.documents.map((document) => pictureOf(document).key)).toEqual(["a-r", "b-0"]);
  expect(editor.current).toBe("b");
});

test("text found in a picture that is no longer shown is thrown away", () => {
  const editor = after(
    opened("a"),
    { type: "runStarted", id: "a", run: "r", now: 0 },
    { type: "runFinished", id: "a", run: "r", picture: picture("a-r"), facts: FACTS },
    { type: "findStarted", id: "a", find: "f" },
    { type: "undone", id: "a" },
    { type: "found", id: "a", find: "f", areas: [box("x", 10, "found")] },
  );
  expect(only(editor).marks).toEqual([]);
});

test("found text leaves what a person has drawn or moved", () => {
  const found = { type: "found" as const, id: "a", areas: [box("new", 70, "found")] };
  const editor = after(
    opened("a"),
    { type: "marked", id: "a", mark: box("mine") },
    { type: "findStarted", id: "a", find: "1" },
    { type: "found", id: "a", find: "1", areas: [box("moved", 32, "found"), box("old", 60, "found")] },
    { type: "moved", id: "a", mark: "moved", points: box("", 36).points },
    { type: "findStarted", id: "a", find: "2" },
    { ...found, find: "2" },
  );
  expect(only(editor).marks.map(({ id }) => id).sort()).toEqual(["mine", "moved", "new"]);
});

test("what was to be kept is kept when text is looked for again", () => {
  const editor = after(
    opened("a"),
    { type: "findStarted", id: "a", find: "1" },
    { type: "found", id: "a", find: "1", areas: [box("old", 10, "found"), box("other", 60, "found")] },
    { type: "toggled", id: "a", mark: "old" },
    { type: "findStarted", id: "a", find: "2" },
    { type: "found", id: "a", find: "2", areas: [box("new", 11, "found"), box("more", 60, "found")] },
  );
  expect(only(editor).marks.map((mark) => isArea(mark) && [mark.id, mark.effect])).toEqual([
    ["new", "keep"],
    ["more", "erase"],
  ]);
});

test("an automatic run can be corrected: undo brings the marks back", () => {
  const marked = after(opened("a"), { type: "marked", id: "a", mark: box("m") }, { type: "runStarted", id: "a", run: "r", now: 0 });
  const finished = reduce(marked, { type: "runFinished", id: "a", run: "r", picture: picture("a-r"), facts: FACTS });
  const back = only(reduce(finished, { type: "undone", id: "a" }));
  expect(pictureOf(back).key).toBe("a-0");
  expect(back.marks.map(({ id }) => id)).toEqual(["m"]);
});

test("nothing changes the marks while a run works on them", () => {
  const running = after(opened("a"), { type: "marked", id: "a", mark: box("m") }, { type: "runStarted", id: "a", run: "r", now: 0 });
  for (const type of ["undone", "cleared"] as const) expect(reduce(running, { type, id: "a" })).toBe(running);
  expect(reduce(running, { type: "deleted", id: "a", mark: "m" })).toBe(running);
});

test("progress never goes back", () => {
  const running = after(opened("a"), { type: "runStarted", id: "a", run: "r", now: 0 });
  const told = [0.5, 0.2].reduce((editor, overall) => reduce(editor, { type: "runTold", id: "a", run: "r", news: { overall } }), running);
  expect(only(told).run?.overall).toBe(0.5);
});
