"""The laboratory: venues, links, the firm's hosts and the monitor's, assembled around one virtual clock."""
