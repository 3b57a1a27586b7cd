"""Questions and captions about series: one module per source, all with samples of one schema."""
