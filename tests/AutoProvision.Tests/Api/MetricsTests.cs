using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using AutoProvision.Fakes;
using AutoProvision.Hypervisors;
using AutoProvision.Vms;

namespace AutoProvision.Api;

public sealed class MetricsTests
{
    private const int Limit = 30_000;

    [Fact(Timeout = Limit)]
    public async Task What_was_done_and_how_things_are_is_told_in_figures()
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        var vm = await http.ReadyVmAsync();
        await http.ReadyVmAsync();
        await http.OperateAsync($"{vm}/stop");
        host.Hypervisor.Faults.FailAt(nameof(IHypervisor.CreateDiskAsync), new FailureException("disk_failed", "qemu-img failed.", "None."));
        await http.UntilAsync(await http.CreateVmAsync(), "failed");
        await http.GetJsonAsync($"/vms/{Guid.NewGuid()}", HttpStatusCode.NotFound);
        await http.GetJsonAsync("/nowhere", HttpStatusCode.NotFound);
        using (var request = new HttpRequestMessage(new HttpMethod("MAKE"), "/vms"))
        using (await http.SendAsync(request, TestContext.Current.CancellationToken))
        {
        }

        await ShowAsync(http, ("autoprovision_vms{state=\"ready\"}", 1), ("autoprovision_vms{state=\"stopped\"}", 1), ("autoprovision_vms{state=\"failed\"}", 1), ("autoprovision_vms{state=\"queued\"}", 0),
            ("autoprovision_vm_creation_duration_seconds_count{outcome=\"ready\"}", 2), ("autoprovision_vm_creation_duration_seconds_count{outcome=\"failed\"}", 1),
            ("autoprovision_step_duration_seconds_count{step=\"ssh\",outcome=\"completed\"}", 2), ("autoprovision_step_duration_seconds_count{step=\"disk\",outcome=\"failed\"}", 1),
            ("autoprovision_operation_duration_seconds_count{operation=\"stop\",outcome=\"completed\"}", 1), ("autoprovision_events_total{type=\"operation.completed\"}", 1),
            ("http_requests_received_total{code=\"202\",method=\"POST\",route=\"/vms\"}", 3), ("http_requests_received_total{code=\"404\",method=\"GET\",route=\"/vms/{id}\"}", 1),
            ("http_requests_received_total{code=\"404\",method=\"GET\",route=\"\"}", 1), ("http_requests_received_total{code=\"405\",method=\"other\",route=\"\"}", 1));
    }

    [Fact(Timeout = Limit)]
    public async Task What_is_counted_begins_anew_with_the_process_and_a_VM_that_was_being_made_is_counted_when_it_is_ready()
    {
        await using var host = new FakeHost();
        var app = host.Start();
        using var first = app.CreateClient();
        await first.ReadyVmAsync();
        var gate = host.Steps.BlockAt(FaultyStep.Before("address"));
        var vm = await first.CreateVmAsync();
        await gate.ReachedAsync();

        using var http = (await host.KillAndStartAsync(app)).CreateClient();
        gate.Open();
        await http.UntilAsync(vm, "ready");

        await ShowAsync(http, ("autoprovision_vms{state=\"ready\"}", 2), ("autoprovision_vm_creation_duration_seconds_count{outcome=\"ready\"}", 1));
    }

    [Theory(Timeout = Limit)]
    [InlineData("application/openmetrics-text; version=1.0.0", "application/openmetrics-text; version=1.0.0; charset=utf-8", true)]
    [InlineData("*/*", "text/plain; version=0.0.4; charset=utf-8", false)]
    public async Task The_format_is_the_one_that_is_asked_for(string accept, string type, bool hasEnd)
    {
        await using var host = new FakeHost();
        using var http = host.Start().CreateClient();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/metrics") { Headers = { Accept = { MediaTypeWithQualityHeaderValue.Parse(accept) } } };

        using var response = await http.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(type, response.Content.Headers.ContentType?.ToString());
        Assert.Equal(hasEnd, (await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).EndsWith("# EOF\n", StringComparison.Ordinal));
    }

    // An event is counted a moment after it is seen.
    private static async Task ShowAsync(HttpClient http, params (string Name, double Value)[] figures)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        var told = "";
        while (true)
        {
            var lines = (await http.GetStringAsync(new Uri("/metrics", UriKind.Relative), TestContext.Current.CancellationToken)).Split('\n');
            var missing = figures.Where(figure => !lines.Contains($"{figure.Name} {figure.Value.ToString(CultureInfo.InvariantCulture)}")).ToList();
            if (missing.Count == 0)
                return;
            var words = string.Join('\n', missing.Select(figure => $"{figure.Name} is not {figure.Value}"));
            if (words != told)
                TestContext.Current.TestOutputHelper?.WriteLine(told = words);
            await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        }
    }
}
