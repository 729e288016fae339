using AutoProvision.Vms;

namespace AutoProvision.Images;

/// <summary>Real scripts, small ones.</summary>
public sealed class BuildTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task A_script_makes_the_image_once_and_its_lines_are_heard()
    {
        await using var host = Host();
        host.Script("make", """
            #!/bin/sh
            echo "making $1"; echo built > "$1"
            """);
        var progress = new ProgressRecord();

        var image = await host.Store.EnsureAsync("debian-12", progress, TestContext.Current.CancellationToken);
        var again = await host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken);

        Assert.Equal(host.File("debian-12.qcow2"), image.Path);
        Assert.Equal(image, again);
        Assert.Equal("built\n", await File.ReadAllTextAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Contains(progress.All, p => p is { Phase: ImageProgress.Building, Line: { } line } && line.StartsWith("making /", StringComparison.Ordinal));
        Assert.Equal(["debian-12.lock", "debian-12.qcow2"], host.Files);
    }

    [Fact(Timeout = Limit)]
    public async Task The_image_and_its_directory_can_be_read_by_all()
    {
        await using var host = Host();
        host.Script("make", """
            #!/bin/sh
            umask 077; echo built > "$1"
            """);

        var image = await host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken);

        Assert.Equal("644", Convert.ToString((int)File.GetUnixFileMode(image.Path), 8));
        Assert.Equal("755", Convert.ToString((int)File.GetUnixFileMode(host.Directory), 8));
    }

    [Fact(Timeout = Limit)]
    public async Task An_image_that_is_there_already_is_used_as_it_is()
    {
        await using var host = Host();
        Directory.CreateDirectory(host.Directory);
        await File.WriteAllTextAsync(host.File("debian-12.qcow2"), "from elsewhere", TestContext.Current.CancellationToken);
        Assert.Equal(ImageState.Available, host.Store.List().Single().State);

        var image = await host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken);

        Assert.Equal("from elsewhere", await File.ReadAllTextAsync(image.Path, TestContext.Current.CancellationToken));
        Assert.Equal(["debian-12.qcow2"], host.Files);
    }

    [Theory(Timeout = Limit)]
    [InlineData("echo half > \"$1\"; echo 'no loop device' >&2; exit 3", "ended with 3", "no loop device")]
    [InlineData("echo nothing done", "wrote no", "nothing done")]
    public async Task A_script_that_fails_leaves_nothing_and_its_last_words(string body, string cause, string evidence)
    {
        await using var host = Host();
        host.Script("make", "#!/bin/sh\n" + body + "\n");

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_build_failed", failure.Code);
        Assert.Contains(cause, failure.Failure.Cause, StringComparison.Ordinal);
        Assert.Contains(evidence, failure.Failure.Evidence, StringComparison.Ordinal);
        Assert.Equal(["debian-12.lock"], host.Files);
        Assert.Equal(ImageState.Failed, host.Store.List().Single().State);
    }

    [Fact(Timeout = Limit)]
    public async Task A_failed_build_is_tried_again_when_asked_again()
    {
        await using var host = Host();
        host.Script("make", "#!/bin/sh\nexit 1\n");
        await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken));
        host.Script("make", "#!/bin/sh\necho built > \"$1\"\n");

        await host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken);

        var status = host.Store.List().Single();
        Assert.Equal((ImageState.Available, null), (status.State, status.Failure));
    }

    [Fact(Timeout = Limit)]
    public async Task A_script_that_hangs_is_killed_at_its_deadline()
    {
        await using var host = new ImagesHost(("Catalog:debian-12:Build", "make"), ("BuildTimeout", "00:00:00.5"));
        host.Script("make", "#!/bin/sh\nexec sleep 600\n");

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_build_failed", failure.Code);
    }

    [Theory(Timeout = Limit)]
    [InlineData("trap 'rm -r \"$1.build\"; touch \"$1.cleaned\"; kill -9 $!; exit 1' TERM", "debian-12.part.cleaned")]
    [InlineData("trap 'kill -9 $!; exit 1' TERM")]
    [InlineData("# no trap")]
    public async Task A_stopped_build_cleans_up_and_what_it_leaves_is_removed(string trap, params string[] left)
    {
        await using var host = Host();
        host.Script("make", $"""
            #!/bin/sh
            {trap}
            mkdir -p "$1.build/root"; echo half > "$1"; sleep 600 & echo working; wait
            """);
        using var impatient = new CancellationTokenSource();
        var works = new TaskCompletionSource();
        var building = host.Store.EnsureAsync("debian-12", new Hear("working", works.SetResult), impatient.Token);
        await works.Task.WaitAsync(TestContext.Current.CancellationToken);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => building);

        Assert.Equal(["debian-12.lock", .. left], host.Files);
        Assert.Empty(Directory.GetDirectories(host.Directory));
    }

    [Fact(Timeout = Limit)]
    public async Task While_it_builds_the_catalogue_says_so_and_a_script_of_the_same_lock_waits()
    {
        await using var host = Host();
        host.Script("make", """
            #!/bin/sh
            echo ready
            if flock --nonblock "${1%.part}.lock" true; then echo 'not locked' >&2; exit 9; fi
            echo built > "$1"
            """);
        var states = new List<ImageState>();
        var look = new Look(() => states.Add(host.Store.List().Single().State));

        await host.Store.EnsureAsync("debian-12", look, TestContext.Current.CancellationToken);

        Assert.Contains(ImageState.Building, states);
    }

    [Fact(Timeout = Limit)]
    public async Task A_script_that_is_not_there_is_named()
    {
        await using var host = Host();

        var failure = await Assert.ThrowsAsync<FailureException>(() => host.Store.EnsureAsync("debian-12", null, TestContext.Current.CancellationToken));

        Assert.Equal("image_build_failed", failure.Code);
        Assert.Contains(Path.Combine(host.Scripts, "make"), failure.Failure.Cause, StringComparison.Ordinal);
    }

    private static ImagesHost Host() => new(("Catalog:debian-12:Build", "make"));

    private sealed class Hear(string line, Action action) : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value)
        {
            if (value.Line == line)
                action();
        }
    }

    private sealed class Look(Action action) : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value) => action();
    }
}
