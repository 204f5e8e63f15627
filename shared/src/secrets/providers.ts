/** Provider in OpenClaw of a server with OpenAI's protocol, such as Ollama. */
export const modelServerProvider = 'openai-compatible';

/** The model providers by the name of the secret that holds their key; the gateway's model auth gets these keys too. */
export const providerOfKey: ReadonlyMap<string, string> = new Map([
  ['ANTHROPIC_API_KEY', 'anthropic'],
  ['OPENAI_API_KEY', 'openai'],
  ['OPENAI_COMPATIBLE_API_KEY', modelServerProvider],
  ['GEMINI_API_KEY', 'google'],
  ['DEEPSEEK_API_KEY', 'deepseek'],
  ['MISTRAL_API_KEY', 'mistral'],
  ['GROQ_API_KEY', 'groq'],
  ['XAI_API_KEY', 'xai'],
  ['OPENROUTER_API_KEY', 'openrouter'],
  ['TOGETHER_API_KEY', 'together'],
  ['FIREWORKS_API_KEY', 'fireworks'],
  ['CEREBRAS_API_KEY', 'cerebras'],
  ['PERPLEXITY_API_KEY', 'perplexity'],
  ['HF_TOKEN', 'huggingface'],
  ['DEEPINFRA_API_KEY', 'deepinfra'],
]);
