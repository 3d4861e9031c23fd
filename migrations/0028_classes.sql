ALTER TABLE certificates ADD COLUMN step_deviation bigint CHECK (step_deviation >= 0);
ALTER TABLE certificates ADD COLUMN frame_deviation bigint CHECK (frame_deviation >= 0);
COMMENT ON COLUMN certificates.step_deviation IS 'The furthest that one step computed again from equal inputs was from its generation, in 10^-9 of the denoiser''s prediction; 0 where all were equal. The tolerance of a class that is not exact follows from it.';
COMMENT ON COLUMN certificates.frame_deviation IS 'The furthest that a frame decoded again was from its generation, in levels of a byte.';

CREATE TABLE gpu_queues (
  queue text PRIMARY KEY,
  determinism_class text NOT NULL,
  since timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE gpu_queues IS 'The one determinism class whose tasks are on each queue of GPU workers: whoever computes other bytes does not poll it. Only the certificates of these classes count.';

CREATE TABLE gpu_workers (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  queue text NOT NULL REFERENCES gpu_queues,
  seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX gpu_workers_of_queue ON gpu_workers (queue);
COMMENT ON TABLE gpu_workers IS 'GPU workers that poll a queue; seen_at is kept current. While one of them lives, its queue''s class stays.';

CREATE TABLE published_classes (
  netuid integer NOT NULL,
  verifier text NOT NULL,
  body text NOT NULL,
  signature text NOT NULL,
  signed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (netuid, verifier)
);
COMMENT ON TABLE published_classes IS 'The determinism classes that a verifier can judge, as canonical JSON signed by its hotkey: provers compare their own with it.';
