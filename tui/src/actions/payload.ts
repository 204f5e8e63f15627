import {
  type Action,
  type ActionName,
  catalogue,
  describeField,
  describeFields,
  payloadFields as fieldsOf,
  type PayloadField,
  readPayload,
} from '@hq/shared/actions';
import { HqError } from '@hq/shared/errors';

export { describeField };

export function payloadFields(name: ActionName): readonly PayloadField[] {
  return fieldsOf(actionOf(name));
}

/** Parses `field=value` settings into the payload of an action. Errors name the field. */
export function parsePayload(name: ActionName, settings: readonly string[]): Record<string, unknown> {
  const fields = payloadFields(name);
  const written: Record<string, string> = {};
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const field = at < 0 ? setting : setting.slice(0, at);
    if (at < 1) {
      throw new HqError('usage', `“${setting}” is not of the form field=value.`, { field: '--set' });
    }
    if (!fields.some((one) => one.name === field)) {
      throw new HqError('usage', `${name} has no field “${field}”.`, {
        field,
        hint: describeFields(name, fields),
      });
    }
    if (Object.hasOwn(written, field)) {
      throw new HqError('usage', 'It is set twice.', { field });
    }
    written[field] = setting.slice(at + 1);
  }
  return readPayload(name, actionOf(name), written);
}

function actionOf(name: ActionName): Action {
  return catalogue[name];
}
