using AutoProvision;
using AutoProvision.Api;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Telemetry;
using AutoProvision.Vms;
using AutoProvision.Webhooks;
using Serilog;

// The settings lie beside the program, wherever it is started from.
var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });

builder.Services.AddSerilog((_, logger) => logger.ReadFrom.Configuration(builder.Configuration));
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddTelemetry();
builder.Services.AddProcesses();
builder.Services.AddImages(builder.Configuration);
builder.Services.AddSsh(builder.Configuration);
builder.Services.AddLibvirt(builder.Configuration);
builder.Services.AddProvisioning(builder.Configuration);
builder.Services.AddVms(builder.Configuration);
builder.Services.AddWebhooks(builder.Configuration);
builder.Services.AddApi();

var app = builder.Build();
app.MapApi();
return await app.RunToEndAsync();
