namespace AutoProvision.Ssh;

/// <summary>The guest allows no further channel on this connection beside those that are open; nothing was run. Another connection may have one.</summary>
public sealed class ConnectionFullException() : Exception("The guest allows no further channel on this connection.");
