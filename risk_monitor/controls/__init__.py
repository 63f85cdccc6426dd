"""Control actions: what the monitor does about harm, where the firm has wired its controls in."""
