import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that run the real OpenClaw or build images: each takes a minute or more, and most of one core. */
const heavyFiles = [
  /^e2e\/(agent|dispatch\/|docker|first-agent|import|model-server)/,
  /^gateway\/plugin\/(confinement|hq-plugin)\./,
  /^gateway\/src\/(agents\/agents|boot\/commented|control\/agent-routes|detached|gateway\.|killed-boot)/,
  /^runner\/src\/(docker\/.*\.docker|process\/openclaw|secrets\/openclaw)/,
];
/** Light files that start after each heavy one, so that about two of four workers have a heavy one. */
const lightPerHeavy = 6;

/** Starts heavy files early, between light ones. Within both the longest, or else the largest, comes first. */
export class TestOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isHeavy = ({ moduleId }: TestSpecification) =>
      heavyFiles.some((pattern) => pattern.test(relative(this.ctx.config.root, moduleId)));
    const light = sorted.filter((file) => !isHeavy(file));
    const mixed = sorted.filter(isHeavy).flatMap((file) => [file, ...light.splice(0, lightPerHeavy)]);
    return [...mixed, ...light];
  }
}
