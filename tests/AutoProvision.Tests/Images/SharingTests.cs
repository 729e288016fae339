namespace AutoProvision.Images;

/// <summary>One making of an image for however many ask.</summary>
public sealed class SharingTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task Twenty_callers_at_once_are_one_download_and_all_hear_of_it()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        server.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        var records = Enumerable.Range(0, 20).Select(_ => new ProgressRecord()).ToList();

        var calls = records.Select(record => host.Store.EnsureAsync("cloud", record, TestContext.Current.CancellationToken)).ToList();
        await server.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ImageState.Fetching, host.Store.List().Single().State);
        server.Gate.SetResult();
        var images = await Task.WhenAll(calls);

        Assert.Single(server.Requests);
        Assert.Single(images.Distinct());
        Assert.All(records, record => Assert.Equal(100, record.All[^1].Percent));
    }

    [Fact(Timeout = Limit)]
    public async Task Two_processes_at_once_are_one_download()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        var other = host.Start(("Catalog:cloud:Url", server.ImageUrl), ("Catalog:cloud:Sha256", server.Sha256));
        server.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);

        var first = host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);
        await server.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);
        var second = other.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);
        server.Gate.SetResult();

        Assert.Equal(await first, await second);
        Assert.Single(server.Requests);
    }

    [Fact(Timeout = Limit)]
    public async Task A_caller_that_gives_up_leaves_the_other_its_image()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        server.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var impatient = new CancellationTokenSource();
        var leaves = host.Store.EnsureAsync("cloud", null, impatient.Token);
        var stays = host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken);
        await server.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        server.Gate.SetResult();

        Assert.True(File.Exists((await stays).Path));
        Assert.Single(server.Requests);
    }

    [Fact(Timeout = Limit)]
    public async Task When_the_last_caller_gives_up_the_work_stops_and_the_next_one_starts_it_again()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);
        server.Gate = new(TaskCreationOptions.RunContinuationsAsynchronously);
        using var impatient = new CancellationTokenSource();
        var leaves = host.Store.EnsureAsync("cloud", null, impatient.Token);
        await server.Asked.Task.WaitAsync(TestContext.Current.CancellationToken);

        await impatient.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => leaves);
        await server.Abandoned.Task.WaitAsync(TestContext.Current.CancellationToken);
        Assert.Equal(ImageState.Absent, host.Store.List().Single().State);
        server.Gate.SetResult();

        Assert.True(File.Exists((await host.Store.EnsureAsync("cloud", null, TestContext.Current.CancellationToken)).Path));
    }

    [Fact(Timeout = Limit)]
    public async Task A_listener_that_throws_harms_nobody()
    {
        await using var server = await ImageServer.StartAsync();
        await using var host = ImagesHost.For(server);

        Assert.True(File.Exists((await host.Store.EnsureAsync("cloud", new Thrower(), TestContext.Current.CancellationToken)).Path));
    }

    private sealed class Thrower : IProgress<ImageProgress>
    {
        public void Report(ImageProgress value) => throw new InvalidOperationException("the listener is gone");
    }
}
