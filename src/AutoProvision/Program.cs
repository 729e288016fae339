using AutoProvision.Api;
using AutoProvision.Hypervisors.Libvirt;
using AutoProvision.Images;
using AutoProvision.Processes;
using AutoProvision.Provisioning;
using AutoProvision.Ssh;
using AutoProvision.Vms;
using Serilog;

var builder = WebApplication.CreateBuilder(args);

builder.Services.AddSerilog((_, logger) => logger.ReadFrom.Configuration(builder.Configuration));
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddProcesses();
builder.Services.AddImages(builder.Configuration);
builder.Services.AddSsh(builder.Configuration);
builder.Services.AddLibvirt(builder.Configuration);
builder.Services.AddProvisioning(builder.Configuration);
builder.Services.AddVms(builder.Configuration);
builder.Services.AddApi();

var app = builder.Build();
app.MapApi();
app.Run();
