//! One file a probe. The folder is scanned: adding a probe is adding a file.

hefu_standards::folder!("probes");
