"""Archives read in place: members as readers, nothing extracted to disk, everything bounded."""
