// Imported before @supabase/lite, which reads these when it is loaded.
process.env.LITE_TELEMETRY = '0';
process.env.DO_NOT_TRACK = '1';
