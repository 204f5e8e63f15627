import type { Frame } from './recording.ts';
import { svgDocument } from './svg-picture.ts';

interface AnimationOptions {
  readonly title: string;
  readonly columns: number;
  readonly rows: number;
  /** The frame that a reader sees who wants no motion, and a renderer that knows no animation. */
  readonly still: number;
  /** Milliseconds that a frame stays at most; a long wait is cut to this. */
  readonly longestMs: number;
  /** The frames from `from` to `to` play faster, in `ms` milliseconds at most. */
  readonly shortened?: { readonly from: number; readonly to: number; readonly ms: number };
  /** Milliseconds that the last frame stays before the first comes again. */
  readonly endMs: number;
}

/** A row as it looked in some of the frames. */
interface Version {
  readonly content: string;
  readonly frames: Set<number>;
}

/**
 * Returns frames as one SVG that repeats them. Each version of a row is written once, and CSS shows it during its frames.
 * Without CSS animation, or with `prefers-reduced-motion`, the still frame is shown.
 */
export function svgAnimation(frames: readonly Frame[], options: AnimationOptions): string {
  const starts = frameStarts(frames, options);
  const totalMs = starts.at(-1) ?? 0;
  const share = (frame: number): string => `${round(((starts[frame] ?? 0) / totalMs) * 100)}%`;
  const animations = new Map<string, string>();
  const groups: string[] = [];
  for (const { content, frames: seen } of versions(frames)) {
    if (content === '') continue;
    if (seen.size === frames.length) {
      groups.push(content);
      continue;
    }
    const steps = visibilitySteps(seen, frames.length)
      .map(([frame, isSeen]) => `${share(frame)}{visibility:${isSeen ? 'visible' : 'hidden'}}`)
      .join('');
    const name = animations.get(steps) ?? `a${animations.size}`;
    animations.set(steps, name);
    groups.push(`<g class="${name}${seen.has(options.still) ? '' : ' h'}">${content}</g>`);
  }
  const rules = [...animations].map(
    ([steps, name]) => `@keyframes ${name}{${steps}}.${name}{animation-name:${name}}`,
  );
  const style = `<style>
.h{visibility:hidden}
@media (prefers-reduced-motion:no-preference){
[class^=a]{animation:${round(totalMs / 1000)}s step-end infinite}
${rules.join('\n')}
}
</style>`;
  return svgDocument(options.title, options.columns, options.rows, [style, ...groups].join('\n'));
}

/** Returns the milliseconds at which each frame begins, and at which the last one ends. */
function frameStarts(frames: readonly Frame[], options: AnimationOptions): readonly number[] {
  const { longestMs, endMs, shortened } = options;
  const durations = frames.map((frame, index) => {
    const next = frames[index + 1];
    return next === undefined ? endMs : Math.min(next.atMs - frame.atMs, longestMs);
  });
  if (shortened !== undefined) {
    const { from, to, ms } = shortened;
    const factor = Math.min(1, ms / sum(durations.slice(from, to)));
    for (let frame = from; frame < to; frame++) durations[frame] = (durations[frame] ?? 0) * factor;
  }
  return [0, ...durations.map((_, index) => sum(durations.slice(0, index + 1)))];
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function versions(frames: readonly Frame[]): readonly Version[] {
  const byContent = new Map<string, Version>();
  for (const [index, { rows }] of frames.entries()) {
    for (const content of rows) {
      const version = byContent.get(content) ?? { content, frames: new Set() };
      version.frames.add(index);
      byContent.set(content, version);
    }
  }
  return [...byContent.values()];
}

/** Returns the frames at which a version appears or disappears, the first frame included. */
function visibilitySteps(seen: ReadonlySet<number>, count: number): readonly (readonly [number, boolean])[] {
  const steps: (readonly [number, boolean])[] = [];
  for (let frame = 0; frame < count; frame++) {
    if (frame === 0 || seen.has(frame) !== seen.has(frame - 1)) steps.push([frame, seen.has(frame)]);
  }
  return steps;
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
