// Must be imported before @supabase/lite, which reads these variables when it loads.
process.env.LITE_TELEMETRY = '0';
process.env.DO_NOT_TRACK = '1';
