truncate public.sites, public.workers, public.jobs, public.visits, public.labels, public.job_labels, public.limits, public.mine restart identity cascade;
insert into public.sites values (1, 'north'), (2, 'south'), (4, 'west');
insert into public.workers values
  (1, 1, 'Ann', '{a,b}', '{"emoji": "x", "n": null}', 1.500000, '2026-01-02 03:04:05.6+00', 9007199254740993, '2026-02-03'), (2, 1, 'Bob', null, null, 0.100000, null, 5, null);
insert into public.jobs (title, worker_id, reviewer_id, parent_id) values
  ('first', 1, 2, null), ('second', null, null, null), ('third', 2, null, 1), ('fourth', 1, 1, 1), ('fifth', 1, null, null);
insert into public.visits values (1, 1, 2);
insert into public.labels values (1, 'red'), (2, 'blue');
insert into public.job_labels values (1, 1), (1, 2), (2, 2);
insert into public.limits values (1, 10.50);
insert into public.mine values (1, 'me'), (2, 'you');
