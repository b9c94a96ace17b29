# Once per study: settings by section, tables, figures, page.


rule settings:
    output:
        f"{ROOT}/settings/{{section}}.json",
    localrule: True
    params:
        text=section_text,
    message:
        "Settings: {wildcards.section}"
    shell:
        "printf '%s\\n' {params.text:q} > {output:q}"


rule steps:
    input:
        contributions=manifests("contributions"),
        settings=settings_of("steps"),
    output:
        steps=f"{ROOT}/tables/steps.tsv",
        contributions=f"{ROOT}/tables/contributions.tsv",
        curves=f"{ROOT}/tables/step_curves.nc",
        quality=f"{ROOT}/tables/quality.tsv",
        findings=f"{ROOT}/tables/findings.tsv",
        trials=f"{ROOT}/tables/trials.tsv",
    log:
        f"{ROOT}/logs/steps.log",
    benchmark:
        f"{ROOT}/logs/steps.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Tables of {STUDY.settings.name}"
    shell:
        "aqbio steps {params.study:q} > {log:q} 2>&1"


rule figures:
    input:
        curves=rules.steps.output.curves,
        steps=rules.steps.output.steps,
        contributions=rules.steps.output.contributions,
        trials=rules.steps.output.trials,
        quality=rules.steps.output.quality,
        prepared=manifests("prepare"),
        scaled=manifests("scale"),
        settings=settings_of("figures"),
    output:
        f"{ROOT}/figures/figures.json",
    log:
        f"{ROOT}/logs/figures.log",
    benchmark:
        f"{ROOT}/logs/figures.tsv"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Figures of {STUDY.settings.name}"
    shell:
        "aqbio figures {params.study:q} > {log:q} 2>&1"


rule report:
    input:
        figures=rules.figures.output,
        tables=[
            rules.steps.output.steps,
            rules.steps.output.quality,
            rules.steps.output.findings,
        ],
        settings=settings_of("report"),
    output:
        report(PAGE, caption="../report/page.rst", category="Page"),
    log:
        f"{ROOT}/logs/report.log",
    benchmark:
        f"{ROOT}/logs/report.tsv"
    threads: 1
    resources:
        mem_mb=2000,
        runtime=30,
    params:
        study=str(STUDY_FILE),
        version=aqbio.__version__,
    message:
        "Page of {STUDY.settings.name}"
    shell:
        "aqbio report {params.study:q} > {log:q} 2>&1"
