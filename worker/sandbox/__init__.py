"""The child process that decodes and infers: limited, watched, and thrown away when it misbehaves."""
