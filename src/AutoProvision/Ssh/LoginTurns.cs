namespace AutoProvision.Ssh;

/// <summary>
/// Bounds how many logins to one guest are under way at once. Of those that have not got in yet sshd allows ten (MaxStartups 10:30:100), and
/// hangs up on others by chance.
/// </summary>
internal sealed class LoginTurns
{
    private const int AtOnce = 4;
    private readonly Lock _gate = new();
    private readonly Dictionary<(string Host, int Port), Door> _doors = [];

    /// <summary>Waits for a turn, which ends when the result is disposed of.</summary>
    public async Task<Turn> TakeAsync(SshTarget target, CancellationToken cancellation)
    {
        var key = (target.Host, target.Port);
        Door door;
        lock (_gate)
        {
            door = _doors.TryGetValue(key, out var there) ? there : _doors[key] = new Door();
            door.Users++;
        }
        try
        {
            await door.Places.WaitAsync(cancellation);
            return new Turn(this, key, door);
        }
        catch
        {
            Leave(key, door);
            throw;
        }
    }

    private void Leave((string, int) key, Door door)
    {
        lock (_gate)
            if (--door.Users == 0)
                _doors.Remove(key);
    }

    internal sealed class Door
    {
        public SemaphoreSlim Places { get; } = new(AtOnce);

        public SemaphoreSlim Lane { get; } = new(1);

        public int Users { get; set; }
    }

    internal sealed class Turn(LoginTurns all, (string, int) key, Door door) : IDisposable
    {
        private bool _isAlone;

        /// <summary>Waits until of those that the guest has hung up on no other one tries again: together they would only be in each other's way.</summary>
        public async Task<Turn> TryAloneAsync(CancellationToken cancellation)
        {
            if (!_isAlone)
                await door.Lane.WaitAsync(cancellation);
            _isAlone = true;
            return this;
        }

        public void Dispose()
        {
            if (_isAlone)
                door.Lane.Release();
            door.Places.Release();
            all.Leave(key, door);
        }
    }
}
