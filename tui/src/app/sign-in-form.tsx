import { Box, Text, useIsScreenReaderEnabled } from 'ink';
import type { ReactNode } from 'react';
import { FormRow } from '../widgets/form-row.tsx';
import { PaintedLine, Paragraph, paragraphLines } from '../widgets/line.tsx';
import type { Place } from '../widgets/panel.tsx';
import { type EditedText, editText, noText, TextField } from '../widgets/text-field.tsx';
import { useTheme, WidthContext } from '../widgets/theme.ts';
import { useInputLayer } from './keyboard.ts';
import type { SignInFlow } from './sign-in-flow.ts';
import { useStored } from './store.ts';

interface SignInFormProps extends Place {
  readonly flow: SignInFlow;
  readonly isBusy: boolean;
  /** The reason of the last failure. */
  readonly error: string;
  readonly onQuit: () => void;
}

interface State {
  readonly email: EditedText;
  readonly password: EditedText;
  readonly focus: 'email' | 'password';
  readonly error: string;
}

const movingKeys = ['tab', 'shift-tab', 'up', 'down'];
const labelWidth = 10;

/** Asks for the credentials. The password is never shown, not even by the widths of its letters. */
export function SignInForm(props: SignInFormProps): ReactNode {
  const { flow, isBusy, error, width: columns, height } = props;
  const theme = useTheme();
  const { email, password, focus, error: own } = useFormState(props);
  const shownError = isBusy ? 'Signing in' : own || error;
  if (useIsScreenReaderEnabled()) {
    const field =
      focus === 'email' ? `email: ${email.value}` : `password: ${password.value.length} characters`;
    return (
      <Box flexDirection="column">
        <Text>{`Sign in to ${flow.host}`}</Text>
        <Text>{`editing ${field}; tab moves, enter goes on, ctrl-c leaves`}</Text>
        <Text>{shownError}</Text>
      </Box>
    );
  }
  const width = Math.min(52, columns - 4);
  const { length } = paragraphLines([shownError], width);
  return (
    <Box
      flexDirection="column"
      height={height}
      overflow="hidden"
      paddingLeft={Math.floor((columns - width) / 2)}
      paddingTop={Math.max(0, Math.floor((height - 5 - length) / 2) - 1)}
    >
      <PaintedLine text={theme.paint('strong', `Sign in to ${flow.host}`)} />
      <Text> </Text>
      <FormRow label="Email" labelWidth={labelWidth} hasFocus={focus === 'email'}>
        <TextField text={email} width={width - 12} hasCursor={focus === 'email'} />
      </FormRow>
      <FormRow label="Password" labelWidth={labelWidth} hasFocus={focus === 'password'}>
        <TextField text={password} width={width - 12} hasCursor={focus === 'password'} isHidden />
      </FormRow>
      <Text> </Text>
      <WidthContext value={width}>
        <Paragraph sentences={[shownError]} tone={isBusy ? 'busy' : 'bad'} />
      </WidthContext>
    </Box>
  );
}

/** The state of the form, changed by its keys while the component is mounted. */
function useFormState({ flow, isBusy, onQuit }: SignInFormProps): State {
  const [shown, state] = useStored<State>(() => ({
    email: noText,
    password: noText,
    focus: 'email',
    error: '',
  }));
  const change = (changed: Partial<State>): void => state.update((now) => ({ ...now, ...changed }));

  const submit = async (address: string, secret: string): Promise<void> => {
    change({ error: '' });
    const isIn = await flow.signIn(address, secret);
    if (!isIn) change({ password: noText, focus: 'password' });
  };

  useInputLayer('form', (input) => {
    if (input.type === 'mouse') return true;
    const now = state.get();
    const name = input.type === 'key' ? input.name : '';
    if (name === 'ctrl-c' || name === 'escape') onQuit();
    else if (isBusy) return true;
    else if (movingKeys.includes(name)) change({ focus: now.focus === 'email' ? 'password' : 'email' });
    else if (name === 'enter') {
      const address = now.email.value.trim();
      if (now.focus === 'email' && now.password.value === '') change({ focus: 'password' });
      else if (address === '' || now.password.value === '') change({ error: 'Both are needed.' });
      else void submit(address, now.password.value);
    } else {
      const text = editText(now[now.focus], input);
      if (text !== null) change({ [now.focus]: text });
    }
    return true;
  });
  return shown;
}
