-- Alert of a gateway whose OpenClaw keeps ending by itself.
select hq.add_enum_values('public.notifications', 'type', '{gateway_restarting}');
