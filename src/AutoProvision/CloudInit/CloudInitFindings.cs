using System.Text.Json;

namespace AutoProvision.CloudInit;

/// <summary>Gathers errors from cloud-init's JSON; each text counts once, for whoever names it first.</summary>
internal sealed class CloudInitFindings
{
    // A guest may say what it likes; what is kept goes into the VM, its events and the log.
    private const int MostErrors = 32;
    private const int LongestError = 4096;
    private const int LongestModule = 256;
    private readonly HashSet<string> _seen = [];
    private readonly List<CloudInitError> _errors = [];
    private readonly List<CloudInitError> _recoverable = [];

    /// <summary>From <c>errors</c>: a list of strings.</summary>
    public void AddErrors(JsonElement owner, string stage)
    {
        if (owner.TryGetProperty("errors", out var texts))
            Add(texts, stage, _errors);
    }

    /// <summary>From <c>recoverable_errors</c> (23.4 and later): log level to a list of strings.</summary>
    public void AddRecoverable(JsonElement owner, string stage)
    {
        if (!owner.TryGetProperty("recoverable_errors", out var levels) || levels.ValueKind != JsonValueKind.Object)
            return;
        foreach (var level in levels.EnumerateObject().Where(level => level.Name != "DEPRECATED"))
            Add(level.Value, stage, _recoverable, CloudInitWarnings.IsHarmless);
    }

    /// <summary>What is found decides how a finished run went; a run under way stays one, and what cloud-init itself calls an error or disabled too.</summary>
    public CloudInitReport Report(CloudInitState state)
    {
        if (state is CloudInitState.Done or CloudInitState.Degraded)
            state = _errors.Count > 0 ? CloudInitState.Error : _recoverable.Count > 0 ? CloudInitState.Degraded : CloudInitState.Done;
        return new CloudInitReport(state, [.. _errors, .. _recoverable]);
    }

    private static CloudInitError Cut(CloudInitError error) => new(Cut(error.Module, LongestModule), Cut(error.Message, LongestError));

    private static string Cut(string text, int length) => text.Length <= length ? text : text[..length];

    private void Add(JsonElement texts, string stage, List<CloudInitError> to, Func<string, bool>? isHarmless = null)
    {
        if (texts.ValueKind != JsonValueKind.Array)
            return;
        foreach (var text in texts.EnumerateArray())
        {
            if (to.Count < MostErrors && text.ValueKind == JsonValueKind.String && isHarmless?.Invoke(text.GetString()!) != true && _seen.Add(text.GetString()!))
                to.Add(Cut(CloudInitMessage.Parse(text.GetString()!, stage)));
        }
    }
}
