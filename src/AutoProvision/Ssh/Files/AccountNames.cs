using System.Globalization;
using System.Text;

namespace AutoProvision.Ssh.Files;

/// <summary>The guest's names of users and groups, from /etc/passwd and /etc/group: SFTP knows numbers alone.</summary>
internal sealed class AccountNames
{
    private const int MostBytes = 1024 * 1024;
    private readonly Dictionary<string, (uint User, uint Group)> _users = [];
    private readonly Dictionary<string, uint> _groups = [];

    public static async Task<AccountNames> ReadAsync(Sftp sftp, CancellationToken cancellation)
    {
        var names = new AccountNames();
        var (users, groups) = (LinesAsync(sftp, "/etc/passwd", cancellation), LinesAsync(sftp, "/etc/group", cancellation));
        foreach (var fields in await users)
            if (fields.Length > 3 && Number(fields[2]) is { } user && Number(fields[3]) is { } group)
                names._users.TryAdd(fields[0], (user, group));
        foreach (var fields in await groups)
            if (fields.Length > 2 && Number(fields[2]) is { } group)
                names._groups.TryAdd(fields[0], group);
        return names;
    }

    /// <summary>The name, or the number where it has none.</summary>
    public string User(uint id) => _users.FirstOrDefault(user => user.Value.User == id).Key ?? $"{id}";

    public string Group(uint id) => _groups.FirstOrDefault(group => group.Value == id).Key ?? $"{id}";

    /// <summary>The number of a user's name; null where the guest has none of that name.</summary>
    public uint? UserNumber(string name) => _users.TryGetValue(name, out var user) ? user.User : null;

    /// <inheritdoc cref="UserNumber"/>
    public uint? GroupNumber(string name) => _groups.TryGetValue(name, out var group) ? group : null;

    /// <summary>Reads <c>user</c> (with their own group) or <c>user:group</c>, each a name or a number.</summary>
    /// <returns>Null when the guest has no such user or group.</returns>
    public (uint User, uint Group)? Find(string owner)
    {
        var parts = owner.Split(':');
        (uint User, uint Group)? user = _users.TryGetValue(parts[0], out var known) ? known
            : Number(parts[0]) is { } id ? (id, _users.Values.Where(it => it.User == id).Select(it => it.Group).FirstOrDefault(id)) : null;
        if (user is null || parts.Length == 1)
            return user;
        return _groups.TryGetValue(parts[1], out var group) ? (user.Value.User, group) : Number(parts[1]) is { } number ? (user.Value.User, number) : null;
    }

    private static uint? Number(string text) => uint.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    private static async Task<IEnumerable<string[]>> LinesAsync(Sftp sftp, string path, CancellationToken cancellation)
    {
        try
        {
            var handle = await sftp.OpenFileAsync(path, SftpOpen.Read, cancellation);
            var text = new MemoryStream();
            while (text.Length < MostBytes && await sftp.ReadAsync(handle, text.Length, SftpReadStream.PieceSize, cancellation) is { IsEmpty: false } piece)
                text.Write(piece.Span);
            await sftp.CloseAsync(handle, cancellation);
            return Encoding.UTF8.GetString(text.ToArray()).Split('\n').Select(line => line.Split(':'));
        }
        catch (SftpException)
        {
            // A guest without the file has numbers only.
            return [];
        }
    }
}
