namespace AutoProvision.CloudInit;

/// <summary>Written by cloud-init's own code (<c>status_wrapper</c>, <c>handle_status_args</c>), shortened where a part repeats.</summary>
internal static class CloudInitStatusSamples
{
    public const string StatusFile224Running = """
        {"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]",
          "init": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "init-local": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "modules-config": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "modules-final": {"errors": [], "finished": null, "start": null},
          "modules-init": {"errors": [], "finished": null, "start": null},
          "stage": null}}
        """;

    public const string StatusFile224Error = """
        {"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]",
          "init": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "init-local": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "modules-config": {"errors": [], "finished": 1795454785.42, "start": 1795454785.42},
          "modules-final": {"errors": [
              "('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))",
              "('package-update-upgrade-install', ProcessExecutionError('Unexpected error while running command.\\nCommand: [\\'apt-get\\', \\'install\\', \"it\\'s\"]\\nExit code: 100\\nReason: -\\nStdout: -\\nStderr: E: \"nope\"\\n        line \u00e9'))",
              "('x', KeyError('users'))",
              "('y', FileNotFoundError(2, 'No such file'))"],
            "finished": 1795454785.42, "start": 1795454785.42},
          "modules-init": {"errors": [], "finished": null, "start": null},
          "stage": null}}
        """;

    public const string ResultFile224Error = """
        {"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]",
          "errors": ["('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"]}}
        """;

    public const string ResultFileClean = """{"v1": {"datasource": "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]", "errors": []}}""";

    public const string Command224Error = """
        {"_schema_version": "1", "boot_status_code": "enabled-by-generator", "datasource": "nocloud",
         "detail": "('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))",
         "errors": ["('scripts-user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"],
         "last_update": "Mon, 23 Nov 2026 17:26:25 +0000",
         "schemas": {"1": {"boot_status_code": "enabled-by-generator", "errors": [], "status": "error"}},
         "status": "error"}
        """;

    public const string Command26Error = """
        {"boot_status_code": "enabled-by-generator", "datasource": "nocloud", "detail": "DataSourceNoCloud [seed=/dev/vdb][dsmode=net]",
         "errors": ["('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"],
         "extended_status": "error - done",
         "init": {"errors": [], "finished": 1370.84, "recoverable_errors": {}, "start": 1370.83},
         "init-local": {"errors": [], "finished": 1370.83, "recoverable_errors": {}, "start": 1370.83},
         "last_update": "Thu, 01 Jan 1970 00:22:50 +0000",
         "modules-config": {"errors": [], "finished": 1370.84, "recoverable_errors": {"DEPRECATED": ["The value of 'x' is deprecated"]}, "start": 1370.84},
         "modules-final": {"errors": ["('scripts_user', RuntimeError('Runparts: 1 failures (runcmd) in 1 attempted commands'))"], "finished": 1370.84,
            "recoverable_errors": {"WARNING": ["Failed to run module scripts_user (scripts in /var/lib/cloud/instance/scripts)", "Package update failed"]}, "start": 1370.84},
         "recoverable_errors": {"DEPRECATED": ["The value of 'x' is deprecated"],
            "WARNING": ["Failed to run module scripts_user (scripts in /var/lib/cloud/instance/scripts)", "Package update failed"]},
         "stage": null, "status": "error"}
        """;

    /// <summary>23.4 and later, with what the test is about in place of the recoverable errors.</summary>
    public static string Command(string status, string extended, string recoverable = "{}", string errors = "[]") => $$"""
        {"boot_status_code": "enabled-by-generator", "datasource": "nocloud", "detail": "", "errors": {{errors}},
         "extended_status": "{{extended}}", "last_update": "", "recoverable_errors": {{recoverable}}, "status": "{{status}}"}
        """;

    public static string StatusFile(string finalStage) => $$"""
        {"v1": {"datasource": null, "init": {"errors": [], "recoverable_errors": {} }, "modules-final": {{finalStage}}, "stage": null} }
        """;
}
